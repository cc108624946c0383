// A process that takes the lock named on its command line, says so, and holds it until it is ended.
import { PgClient } from "@effect/sql-pg"
import { Effect, Layer, Redacted } from "effect"
import { Singleton } from "@flowforge/messaging"

const [url, name] = process.argv.slice(2) as [string, string]
const pool = PgClient.layer({ url: Redacted.make(url), applicationName: "holder", maxConnections: 2 })
const job = Effect.andThen(
  Effect.sync(() => process.stdout.write("at work\n")),
  Effect.never
)
await Effect.runPromise(
  Singleton.use((singleton) => singleton.whileHeld(job)).pipe(
    Effect.provide(Singleton.layer(name, { frozenAfter: "1 second" }).pipe(Layer.provide(pool)))
  )
)
