import { findRedis, startRedis } from "@flowforge/testkit/redis"
import { Effect } from "effect"

// A run that is killed while its Redis is frozen.
await Effect.runPromise(
  Effect.gen(function* () {
    const server = yield* startRedis((yield* findRedis)!)
    yield* server.freeze
    process.stdout.write("frozen\n")
    yield* Effect.never
  }).pipe(Effect.scoped)
)
