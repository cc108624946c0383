import { assert, layer } from "@effect/vitest"
import { Consumer, type IncomingRecord, message, partitionOf, Unprocessable } from "@flowforge/messaging"
import { MemoryBroker } from "@flowforge/messaging/memory"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { bury } from "../../src/policies/dead-letter.ts"
import { committedIn } from "../appending.ts"
import { counted, layerWorld, lettersOf, newGroup, newTopic, reaches, start, unhurried } from "../consumer/world.ts"

const utf8 = new TextEncoder()

layer(layerWorld, { excludeTestServices: true })("a dead letter", (it) => {
  it.effect("keeps key, bytes and headers as they were, and goes to the dead-letter topic with its story", () =>
    Effect.gen(function* () {
      const [topic, group] = [newTopic(), newGroup()]
      const sent = message(topic, counted("é", 1))
      // Bytes that decoding and encoding again would not give back.
      const value = utf8.encode(` ${new TextDecoder().decode(sent.value)} `)
      const headers = { ...sent.headers, traceparent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01" }
      yield* start({
        group,
        entries: [
          Consumer.inDatabase(topic, {
            policy: unhurried,
            handle: () => Effect.fail(new Unprocessable({ reason: "no such thing" }))
          })
        ]
      })
      yield* MemoryBroker.use((memory) => memory.inject({ topic: topic.name, partition: 1, key: "é", value, headers }))
      yield* reaches(group, { dead: 1 })
      const [letter] = yield* lettersOf(group)
      assert.deepStrictEqual(new Uint8Array(letter!.value!), value)
      assert.deepStrictEqual(JSON.parse(new TextDecoder().decode(letter!.headers)), headers)
      assert.deepStrictEqual(
        [letter!.topic, letter!.partition, letter!.broker_offset, letter!.key, letter!.event_id],
        [topic.name, 1, "0", "é", sent.eventId]
      )
      const [published, ...more] = yield* committedIn(group)
      assert.deepStrictEqual(more, [])
      assert.strictEqual(published!.topic, topic.deadLetterTopic)
      assert.strictEqual(published!.key, "é")
      assert.strictEqual(published!.partition, partitionOf("é", topic.partitions))
      assert.strictEqual(published!.eventId, sent.eventId)
      assert.deepStrictEqual(new Uint8Array(published!.value), value)
      const {
        "flowforge-dead-letter-id": id,
        "flowforge-dead-letter-time": time,
        ...rest
      } = published!.headers as Record<string, string>
      assert.match(id!, /^[0-9a-f-]{36}$/u)
      assert.match(time!, /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/u)
      assert.deepStrictEqual(rest, {
        ...headers,
        "flowforge-dead-letter-group": group,
        "flowforge-dead-letter-topic": topic.name,
        "flowforge-dead-letter-partition": "1",
        "flowforge-dead-letter-offset": "0",
        "flowforge-dead-letter-kind": "impossible",
        "flowforge-dead-letter-error": "no such thing",
        "flowforge-dead-letter-attempts": "1"
      })
    })
  )

  it.effect("exists only with the delivery record that says so: both commit, or neither", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const [topic, group] = [newTopic(), newGroup()]
      const { key, value, headers, eventId } = message(topic, counted("a", 1))
      const record: IncomingRecord = { topic: topic.name, partition: 0, offset: "0", key, value, headers }
      yield* Effect.flip(
        sql.withTransaction(
          Effect.andThen(
            bury(group, topic, { record, eventId, kind: "impossible", error: "no", attempts: 1 }),
            Effect.fail("rolled back")
          )
        )
      )
      assert.deepStrictEqual(yield* lettersOf(group), [])
      assert.deepStrictEqual(yield* committedIn(group), [])
    })
  )
})
