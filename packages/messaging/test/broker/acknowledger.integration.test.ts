import { assert, layer } from "@effect/vitest"
import { layerTestDatabase } from "@flowforge/testkit"
import { Duration, Effect } from "effect"
import { SqlClient } from "effect/sql"
import { v7 } from "uuid"
import { acknowledge } from "../../src/postgres/acknowledger.ts"
import { makeMember } from "../../src/postgres/member.ts"
import { beat, prepare } from "../../src/postgres/membership.ts"
import { OutboxRecord } from "../../src/postgres/record.ts"
import { newGroup, newTopic } from "./readers.ts"

/** A member that holds every partition of a topic, and has handled a record of each. */
const memberAtWork = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const [topic, group] = [newTopic(), newGroup()]
  const options = { group, topics: [topic], maxBatch: 10, linger: Duration.zero, handle: () => Effect.void }
  const settings = { leaseMillis: 60_000, closeMillis: 100 }
  const member = yield* makeMember({ id: v7(), sql, options, settings, tellOthers: Effect.void })
  yield* prepare(member)
  yield* beat(member)
  const row = { n: 1, settled: true, epoch: 1, xid: "7", id: "9", source: "", event_id: v7(), key: "k" }
  const bytes = { value: new Uint8Array(), headers: new Uint8Array() }
  for (const held of member.held.values()) {
    held.handled = new OutboxRecord(topic.name, held.partition, { ...row, ...bytes })
  }
  assert.strictEqual(member.held.size, topic.partitions)
  /** Where the group stands, by partition. */
  const cursors = Effect.map(
    sql.unsafe<{ id: string }>(
      `SELECT id::text AS id FROM broker_cursors WHERE consumer_group = $1 ORDER BY partition`,
      [group]
    ),
    (rows) => rows.map(({ id }) => id)
  )
  /** Partition 0 goes through other hands. */
  const passOn = (owner: string) =>
    sql.unsafe(
      `UPDATE broker_cursors SET owner = $2::uuid, lease_epoch = lease_epoch + 1
       WHERE consumer_group = $1 AND partition = 0`,
      [group, owner]
    )
  return { cursors, member, passOn }
})

const partitionsOf = ({ held }: Effect.Success<typeof memberAtWork>["member"]) =>
  [...held.values()].map(({ partition }) => partition)

layer(layerTestDatabase, { excludeTestServices: true })("a member of the embedded broker", (it) => {
  it.effect("moves the cursors of what it has handled", () =>
    Effect.gen(function* () {
      const { cursors, member } = yield* memberAtWork
      yield* acknowledge(member)
      assert.deepStrictEqual(yield* cursors, ["9", "9"])
      assert.deepStrictEqual(partitionsOf(member), [0, 1])
    })
  )

  it.effect("acknowledges nothing in a partition that another has, and forgets it", () =>
    Effect.gen(function* () {
      const { cursors, member, passOn } = yield* memberAtWork
      yield* passOn(v7())
      yield* acknowledge(member)
      assert.deepStrictEqual(yield* cursors, ["0", "9"])
      assert.deepStrictEqual(partitionsOf(member), [1])
    })
  )

  it.effect("nor in one that it has again after another had it: that one has gone on meanwhile", () =>
    Effect.gen(function* () {
      const { cursors, member, passOn } = yield* memberAtWork
      yield* passOn(member.id)
      yield* acknowledge(member)
      assert.deepStrictEqual(yield* cursors, ["0", "9"])
      assert.deepStrictEqual(partitionsOf(member), [1])
    })
  )
})
