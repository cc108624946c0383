import { startEmbeddedPostgres } from "@flowforge/platform/embedded-postgres"
import { Effect } from "effect"

await Effect.runPromise(
  Effect.scoped(
    Effect.gen(function* () {
      yield* startEmbeddedPostgres({ folder: process.argv[2]! })
      process.stdout.write("started\n")
      return yield* Effect.never
    })
  )
)
