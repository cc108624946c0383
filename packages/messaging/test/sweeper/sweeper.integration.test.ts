import { assert, layer } from "@effect/vitest"
import { type Message, Outbox, Singleton, Sweeper, Wakeups } from "@flowforge/messaging"
import { layerTestDatabase } from "@flowforge/testkit"
import { Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { eventually } from "../eventually.ts"
import { note } from "../messages.ts"

const subscriptions = [
  { group: "readers", topics: ["note.taken"] },
  { group: "writers", topics: ["note.taken", "other.topic"] }
]

const append = (...messages: ReadonlyArray<Message>) =>
  Outbox.use((outbox) => outbox.append(messages)).pipe(Effect.provide(Outbox.layer("sender")))

/** As if the relay of the source had published all there is. */
const publishAll = SqlClient.SqlClient.use((sql) =>
  sql.unsafe(
    `INSERT INTO relay_cursors (source, epoch, xid, id)
     SELECT source, epoch, xid, id FROM outbox WHERE source = 'sender' ORDER BY epoch DESC, xid DESC, id DESC LIMIT 1
     ON CONFLICT (source) DO UPDATE SET epoch = excluded.epoch, xid = excluded.xid, id = excluded.id`
  )
)

const record = (group: string, message: Message, outcome: string) =>
  SqlClient.SqlClient.use((sql) =>
    sql.unsafe(`INSERT INTO processed_events (consumer_group, event_id, outcome) VALUES ($1, $2, $3)`, [
      group,
      message.eventId,
      outcome
    ])
  )

/** The groups that got a copy of the message. */
const copiesOf = (message: Message) =>
  SqlClient.SqlClient.use((sql) =>
    sql.unsafe<{ target: string }>(
      `SELECT convert_from(headers, 'UTF8')::json ->> 'flowforge-target-group' AS target FROM outbox
        WHERE event_id = $1 AND value = $2 AND partition = $3 AND key = $4
          AND convert_from(headers, 'UTF8')::jsonb ? 'flowforge-target-group' ORDER BY 1`,
      [message.eventId, message.value, message.partition, message.key]
    )
  ).pipe(Effect.map((rows) => rows.map((row) => row.target)))

const resend = (message: Message, after: "0 seconds" | "1 minute" = "0 seconds") =>
  Sweeper.resend([message.key], { subscriptions, after })

layer(Layer.mergeAll(layerTestDatabase, Wakeups.layer), { excludeTestServices: true })("Sweeper", (it) => {
  it.effect("sends a copy with the same id to each subscribed group without a delivery record, and to no other", () =>
    Effect.gen(function* () {
      const message = note("lost", "text")
      yield* append(message, note("another key", "text"))
      yield* publishAll
      yield* record("readers", message, "done")
      assert.strictEqual(yield* resend(message), 1)
      assert.deepStrictEqual(yield* copiesOf(message), ["writers"])
    })
  )

  it.effect("leaves alone what is parked, dead or discarded", () =>
    Effect.gen(function* () {
      const messages = ["parked", "dead", "discarded"].map((text) => note("held", text))
      yield* append(...messages)
      yield* publishAll
      for (const group of ["readers", "writers"]) {
        yield* record(group, messages[0]!, "parked")
        yield* record(group, messages[1]!, "dead")
        yield* record(group, messages[2]!, "discarded")
      }
      assert.strictEqual(yield* resend(messages[0]!), 0)
    })
  )

  it.effect("leaves alone what has not been published yet", () =>
    Effect.gen(function* () {
      yield* publishAll
      const message = note("unpublished", "text")
      yield* append(message)
      assert.strictEqual(yield* resend(message), 0)
      yield* publishAll
      assert.strictEqual(yield* resend(message), 2)
    })
  )

  it.effect("takes the group's own cursor for it where the embedded broker carries the messages", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const message = note("embedded", "text")
      yield* append(message)
      yield* sql.unsafe(
        `INSERT INTO broker_cursors (consumer_group, topic, partition, epoch, xid, id)
         SELECT 'readers', topic, partition, epoch, xid, id FROM outbox WHERE event_id = $1`,
        [message.eventId]
      )
      assert.strictEqual(yield* resend(message), 1)
      assert.deepStrictEqual(yield* copiesOf(message), ["readers"])
    })
  )

  it.effect("sends nothing twice within a minute, nor what is younger than that", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const message = note("again", "text")
      yield* append(message)
      yield* publishAll
      assert.strictEqual(yield* resend(message, "1 minute"), 0)
      yield* sql.unsafe(`UPDATE outbox SET created_at = now() - interval '61 seconds' WHERE event_id = $1`, [
        message.eventId
      ])
      assert.strictEqual(yield* resend(message, "1 minute"), 2)
      assert.strictEqual(yield* resend(message, "1 minute"), 0)
    })
  )

  it.effect("runs as a job and wakes whoever waits", () =>
    Effect.gen(function* () {
      const message = note("job", "text")
      yield* append(message)
      yield* publishAll
      yield* Layer.build(
        Sweeper.layer({
          stalledKeys: Effect.succeed(["job"]),
          subscriptions,
          every: "10 millis",
          after: "0 seconds"
        }).pipe(Layer.provide(Singleton.layer("sweeper")))
      )
      yield* eventually(copiesOf(message), (targets) => targets.length >= 2)
    })
  )
})
