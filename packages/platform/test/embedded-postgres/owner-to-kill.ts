import { startEmbeddedPostgres } from "@flowforge/platform/embedded-postgres"
import { Effect, Redacted } from "effect"

await Effect.runPromise(
  Effect.scoped(
    Effect.gen(function* () {
      const { url } = yield* startEmbeddedPostgres({ folder: process.argv[2]! })
      process.stdout.write(Redacted.value(url))
      return yield* Effect.never
    })
  )
)
