import { PgClient } from "@effect/sql-pg"
import { Broker, Wakeups } from "@flowforge/messaging"
import { layerWith } from "@flowforge/messaging/postgres"
import { Duration, Effect, Layer, Redacted } from "effect"
import { textOf, topicNamed } from "./readers.ts"

/** A member in a process of its own, to be killed or frozen. It tells what it gets on standard output, a line each. */
const { url, group, topic, hangs } = JSON.parse(process.argv[2]!)

const program = Effect.gen(function* () {
  const broker = yield* Broker
  yield* broker.subscribe({
    group,
    topics: [topicNamed(topic)],
    maxBatch: 100,
    linger: Duration.millis(5),
    handle: (records) => {
      for (const record of records) process.stdout.write(`${record.partition} ${textOf(record)}\n`)
      return hangs ? Effect.never : Effect.void
    }
  })
  return yield* Effect.never
})

const layer = layerWith({ leaseMillis: 1000 }).pipe(
  Layer.provide([Wakeups.layer, PgClient.layer({ url: Redacted.make(url), maxConnections: 4 })])
)
await Effect.runPromise(Effect.scoped(Effect.provide(program, layer)))
