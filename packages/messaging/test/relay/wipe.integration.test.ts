import { assert, layer } from "@effect/vitest"
import { Broker, OutboxRelay, PublishFailed, Singleton, Wakeups } from "@flowforge/messaging"
import { layer as layerMemory, MemoryBroker } from "@flowforge/messaging/memory"
import { layerTestDatabase } from "@flowforge/testkit"
import { Duration, Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { appendTo } from "../appending.ts"
import { eventually } from "../eventually.ts"
import { note, notes, textOf } from "../messages.ts"

const subscriptions = [{ group: "readers", topics: [notes.name] }]

layer(Layer.mergeAll(layerTestDatabase, Wakeups.layer, layerMemory), { excludeTestServices: true })(
  "OutboxRelay and a broker that loses its data",
  (it) => {
    it.effect("the group gets what it had not handled, and then what is new", () =>
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        const memory = yield* MemoryBroker
        const seen: Array<string> = []
        const texts = ["a", "b", "c", "d"]
        const messages = texts.map((text) => note("k", text))
        yield* appendTo("wiped", ...messages)
        yield* Effect.scoped(
          Effect.gen(function* () {
            yield* Layer.build(relay({}))
            yield* eventually(
              Effect.sync(() => memory.records(notes.name).length),
              (count) => count === 4
            )
          })
        )
        // The group has handled two of them when everything is lost.
        yield* sql.unsafe(
          `INSERT INTO processed_events (consumer_group, event_id, outcome) SELECT 'readers', unnest($1::uuid[]), 'done'`,
          [messages.slice(0, 2).map((message) => message.eventId)]
        )
        yield* memory.wipe
        yield* appendTo("wiped", note("k", "e"))
        let prepared = 0
        const prepare = Effect.suspend(() => {
          // Nothing may be published before the topics are there again; the first time the broker is not quite up.
          assert.lengthOf(memory.records(notes.name), 0)
          prepared += 1
          return prepared === 1 ? new PublishFailed({ reason: "not yet", refused: false }) : Effect.void
        })
        yield* Layer.build(relay({ prepare }))
        const broker = yield* Broker
        yield* broker.subscribe({
          group: "readers",
          topics: [notes],
          maxBatch: 10,
          linger: Duration.millis(1),
          handle: (records) => Effect.sync(() => void seen.push(...records.map(textOf)))
        })
        yield* eventually(
          Effect.sync(() => [...seen]),
          (all) => all.length >= 3
        )
        assert.deepStrictEqual(seen, ["c", "d", "e"])
        assert.strictEqual(prepared, 2)
      })
    )
  }
)

const relay = (options: { readonly prepare?: Effect.Effect<void, PublishFailed> }) =>
  OutboxRelay.layer({ source: "wiped", subscriptions, ...options }).pipe(Layer.provide(Singleton.layer("wiped")))
