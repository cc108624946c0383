import { Effect, Latch, Layer, Metric, Result, Duration } from "effect"
import type { NonEmptyReadonlyArray } from "effect/Array"
import { SqlClient } from "effect/sql"
import { Broker, type Subscription } from "../broker.ts"
import { bury } from "../dead-letters/bury.ts"
import type { Delivery, IncomingRecord } from "../delivery.ts"
import { makeCircuit } from "../policies/circuit.ts"
import { workDue } from "../parked/worker.ts"
import { runCalls } from "./calls.ts"
import { decode, TARGET_GROUP, type Undecodable } from "./decode.ts"
import type { Entry } from "./entry.ts"
import type { BatchRefused, Member } from "./member.ts"
import { commit, orRefuse } from "./transaction.ts"

export interface ConsumerOptions<R> {
  /** The group, named after its service. */
  readonly group: string
  readonly entries: ReadonlyArray<Entry<R>>
  readonly maxBatch?: number
  readonly linger?: Duration.Input
}

const batchSize = Metric.histogram("flowforge_batch_size_messages", {
  description: "Messages handed to a consumer at once",
  boundaries: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000]
})

const PARKED_POLL = Duration.seconds(1)

/**
 * A member of the consumer group, reading all of the group's topics for as long as the Layer lives, with its
 * parked-retry worker.
 */
export const layer = <R>(options: ConsumerOptions<R>): Layer.Layer<never, never, R | Broker | SqlClient.SqlClient> =>
  Layer.effectDiscard(
    Effect.gen(function* () {
      const broker = yield* Broker
      const services = yield* Effect.context<R | SqlClient.SqlClient>()
      const entries = new Map(options.entries.map((entry) => [entry.topic.name, entry]))
      const circuit = yield* makeCircuit()
      const parkedBell = yield* Latch.make(false)
      const openedBell = yield* Latch.make(false)
      const member: Member = {
        group: options.group,
        circuit,
        opened: Effect.asVoid(openedBell.open),
        parked: Effect.asVoid(parkedBell.open)
      }
      const subscription = yield* broker.subscribe({
        group: options.group,
        topics: options.entries.map((entry) => entry.topic),
        maxBatch: options.maxBatch ?? 500,
        linger: Duration.fromInputUnsafe(options.linger ?? "2 millis"),
        handle: (records) =>
          handleBatch(member, entries.get(records[0].topic)!, records).pipe(
            Effect.provideContext(services),
            Effect.orDie
          )
      })
      yield* Effect.forkScoped(obeyCircuit(member, subscription, openedBell))
      yield* Effect.forkScoped(workParked(member, entries, parkedBell))
    })
  )

const handleBatch = <R>(
  member: Member,
  entry: Entry<R>,
  records: NonEmptyReadonlyArray<IncomingRecord>
): Effect.Effect<void, BatchRefused, R | SqlClient.SqlClient> =>
  Effect.gen(function* () {
    const deliveries = new Map<string, Delivery<any>>()
    const undecodable: Array<Undecodable> = []
    for (const record of records) {
      const target = record.headers[TARGET_GROUP]
      if (target !== undefined && target !== member.group) continue
      const decoded = decode(entry.topic, record, 1)
      if (Result.isFailure(decoded)) undecodable.push(decoded.failure)
      else if (!deliveries.has(decoded.success.eventId)) deliveries.set(decoded.success.eventId, decoded.success)
    }
    yield* Metric.update(
      Metric.withAttributes(batchSize, { group: member.group, topic: entry.topic.name }),
      records.length
    )
    for (const { record, reason } of undecodable) {
      const sql = yield* SqlClient.SqlClient
      yield* orRefuse(
        sql.withTransaction(
          bury(member.group, entry.topic, {
            record,
            eventId: undefined,
            kind: "undecodable",
            error: reason,
            attempts: 1
          })
        )
      )
    }
    const fresh = [...deliveries.values()]
    if (fresh.length === 0) return
    if (entry.call !== undefined) return yield* runCalls(member, entry, fresh as never)
    yield* commit(member, entry, fresh.map((delivery) => ({ delivery, result: undefined })) as never)
  })

/** Stops fetching while the circuit is open, and lets a trial through when it is due. */
const obeyCircuit = (member: Member, subscription: Subscription, openedBell: Latch.Latch) =>
  Effect.forever(
    Effect.gen(function* () {
      yield* openedBell.await
      yield* openedBell.close
      yield* Effect.logWarning("a dependency is down for everybody: waiting").pipe(
        Effect.annotateLogs({ group: member.group })
      )
      while (yield* member.circuit.isOpen) {
        yield* subscription.pause
        yield* Effect.sleep(Duration.millis(yield* member.circuit.waitMillis))
        yield* subscription.resume
        yield* Effect.sleep("1 second")
      }
      yield* Effect.logInfo("the dependency is back").pipe(Effect.annotateLogs({ group: member.group }))
    })
  )

const workParked = <R>(member: Member, entries: ReadonlyMap<string, Entry<R>>, bell: Latch.Latch) =>
  Effect.forever(
    Effect.gen(function* () {
      const worked = yield* workDue(member, entries).pipe(
        Effect.catchCause((cause) =>
          Effect.logWarning("parked events could not be worked, trying again", cause).pipe(Effect.as(0))
        )
      )
      if (worked > 0) return
      yield* Effect.raceFirst(Effect.andThen(bell.await, Effect.sleep("50 millis")), Effect.sleep(PARKED_POLL))
      yield* bell.close
    })
  )
