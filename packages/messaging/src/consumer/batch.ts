import { Effect, Metric, Result } from "effect"
import type { NonEmptyReadonlyArray } from "effect/Array"
import { SqlClient } from "effect/sql"
import { reach } from "../crash-points.ts"
import type { Delivery, IncomingRecord } from "../delivery.ts"
import { throughCircuit } from "../policies/circuit.ts"
import { bury } from "../policies/dead-letter.ts"
import { traced } from "../policies/tracing.ts"
import { runCalls } from "./calls.ts"
import { commit } from "./commit.ts"
import { decode, TARGET_GROUP, type Undecodable } from "./decode.ts"
import type { Entry } from "./entry.ts"
import type { Member } from "./member.ts"
import { orRefuse } from "./settle.ts"

type Deliveries = NonEmptyReadonlyArray<Delivery<any>>

const batchSize = Metric.histogram("flowforge_batch_size_messages", {
  description: "Messages handed to a consumer at once",
  boundaries: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000]
})

/** Handles the records of one topic: decoded, each event once, under the policies of the entry. */
export const handleBatch = Effect.fnUntraced(function* <R>(
  member: Member,
  entry: Entry<R>,
  records: NonEmptyReadonlyArray<IncomingRecord>
) {
  const { group } = member
  const topic = entry.topic.name
  const deliveries = new Map<string, Delivery<any>>()
  for (const record of records) {
    const target = record.headers[TARGET_GROUP]
    if (target !== undefined && target !== group) continue
    const decoded = decode(entry.topic, record, 1)
    if (Result.isFailure(decoded)) yield* buryUndecodable(member, entry, decoded.failure)
    else if (!deliveries.has(decoded.success.eventId)) deliveries.set(decoded.success.eventId, decoded.success)
  }
  yield* Metric.update(Metric.withAttributes(batchSize, { group, topic }), records.length)
  if (deliveries.size === 0) return
  const carryOut = (some: Deliveries) =>
    entry.call === undefined
      ? commit(member, entry, some.map((delivery) => ({ delivery, result: undefined })) as never)
      : runCalls(member, entry, some)
  yield* traced(group, throughCircuit(member, entry, carryOut))([...deliveries.values()] as never)
})

const buryUndecodable = Effect.fnUntraced(function* (member: Member, entry: Entry<any>, undecodable: Undecodable) {
  const sql = yield* SqlClient.SqlClient
  const clusterId = yield* orRefuse(member.clusterId)
  const { record, reason } = undecodable
  yield* orRefuse(
    sql.withTransaction(
      bury(member.group, entry.topic, {
        record,
        eventId: undefined,
        clusterId,
        kind: "undecodable",
        error: reason,
        attempts: 1
      })
    )
  )
  yield* reach("consumer.buried")
})
