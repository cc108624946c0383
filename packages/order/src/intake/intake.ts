import {
  EventId,
  IdempotencyKeyReused,
  OrderId,
  type OrderRequest,
  type InvalidRequest,
  RequestInFlight,
  type TooManyRequests,
  Topics,
  Unavailable,
  type UserId
} from "@flowforge/contracts"
import { type Message, message, monotonicMillis, Outbox, type OutcomeUnknown, within } from "@flowforge/messaging"
import { isPassing, Uuids } from "@flowforge/platform"
import { REQUEST_BUDGET } from "@flowforge/platform/http"
import { Cause, Clock, Context, DateTime, Deferred, Duration, Effect, Exit, Layer, Metric, Queue } from "effect"
import { SqlClient, SqlError } from "effect/sql"
import { Catalogue } from "../catalogue.ts"
import { OrderConfig } from "../config.ts"
import { reach } from "../crash-points.ts"
import * as Metrics from "../metrics.ts"
import { OrderCache } from "../order-cache.ts"
import { Orders } from "../store.ts"
import { Admission } from "./admission.ts"
import { answerOf, requestHash } from "./answer.ts"
import { check } from "./check.ts"
import { type EarlierAnswer, IdempotencyKeys } from "./idempotency-keys.ts"
import type { NewOrder } from "./new-order.ts"

/** The 202 that a request gets: its order and the body, the same bytes each time. */
export interface Accepted {
  readonly orderId: OrderId
  readonly body: Uint8Array
}

export type IntakeError =
  | InvalidRequest
  | RequestInFlight
  | IdempotencyKeyReused
  | TooManyRequests
  | Unavailable
  | SqlError.SqlError

const REQUEST_MILLIS = Duration.toMillis(REQUEST_BUDGET)

/** PostgreSQL ends a transaction after 5 s and says so: whoever says nothing for longer has vanished. */
const LONGEST_INSERT = Duration.seconds(8)

/** A request that waits for its insert. */
interface Waiting {
  readonly order: NewOrder
  readonly key: string | undefined
  readonly hash: Uint8Array
  readonly answer: Uint8Array
  /** From then on its client has been told that it took too long: by the monotonic clock. */
  readonly lateAt: number
  readonly done: Deferred.Deferred<Accepted, IntakeError>
  /** Its key is free again. */
  readonly settled: Effect.Effect<unknown>
}

/**
 * Takes orders in. Requests that arrive together are inserted together, by one worker: while one transaction commits, the
 * next batch gathers.
 */
export class Intake extends Context.Service<
  Intake,
  {
    readonly place: (request: {
      readonly order: OrderRequest
      readonly idempotencyKey: string | undefined
      readonly traceparent: string | undefined
    }) => Effect.Effect<Accepted, IntakeError>
  }
>()("@flowforge/order/Intake") {
  static readonly layer: Layer.Layer<
    Intake,
    never,
    Admission | Catalogue | IdempotencyKeys | OrderCache | OrderConfig | Orders | Outbox | SqlClient.SqlClient
  > = Layer.effect(
    Intake,
    Effect.gen(function* () {
      const { intakeBatch } = yield* OrderConfig
      const clock = yield* Clock.Clock
      const admission = yield* Admission
      const catalogue = yield* Catalogue
      const uuids = yield* Uuids
      const insert = yield* makeInsert
      const queue = yield* Queue.unbounded<Waiting>()
      const inFlight = new Set<string>()
      /** Requests that are looked at before they wait: they count as waiting, or a burst would pass the bound at once. */
      let checking = 0

      yield* Effect.forkScoped(
        Effect.forever(
          Effect.gen(function* () {
            const batch = yield* Queue.takeBetween(queue, 1, intakeBatch)
            yield* Metric.update(Metrics.intakeQueue, Queue.sizeUnsafe(queue))
            yield* Metric.update(Metrics.intakeBatch, batch.length)
            yield* insert(batch)
          })
        )
      )

      return Intake.of({
        place: Effect.fnUntraced(function* ({ order: request, idempotencyKey: key, traceparent }) {
          const lateAt = monotonicMillis(clock) + REQUEST_MILLIS
          const order = yield* Effect.acquireUseRelease(
            Effect.sync(() => checking++ + Queue.sizeUnsafe(queue)),
            (before) =>
              Effect.andThen(
                admission.admit(before),
                check(catalogue, request, { id: OrderId.make(uuids.next()), traceparent })
              ),
            () => Effect.sync(() => checking--)
          )
          const hash = key === undefined ? NO_HASH : requestHash(order)
          const scope = key === undefined ? undefined : scopeOf(order.userId, key)
          // In one step, so that no interruption leaves a key in flight for ever. A client that goes away later interrupts
          // only its own waiting.
          const done = yield* Effect.suspend(() => {
            if (scope !== undefined && inFlight.has(scope)) {
              return Effect.fail(new RequestInFlight({ retry_after_seconds: 1 }))
            }
            if (scope !== undefined) inFlight.add(scope)
            const settled = Effect.sync(() => scope !== undefined && inFlight.delete(scope))
            const done = Deferred.makeUnsafe<Accepted, IntakeError>()
            Queue.offerUnsafe(queue, { order, key, hash, answer: answerOf(order), lateAt, done, settled })
            return Effect.succeed(done)
          })
          yield* Metric.update(Metrics.intakeQueue, Queue.sizeUnsafe(queue))
          return yield* Deferred.await(done)
        })
      })
    })
  )
}

/** An Idempotency-Key belongs to its customer. */
const scopeOf = (user: UserId, key: string): string => `${user} ${key}`

const NO_HASH = new Uint8Array()

const fail = (batch: ReadonlyArray<Waiting>, cause: Cause.Cause<IntakeError>): Effect.Effect<void> =>
  Effect.forEach(batch, ({ done, settled }) => Effect.andThen(settled, Deferred.failCause(done, cause)), {
    discard: true
  })

/**
 * Inserts a batch and answers each of its requests. A batch that fails is split, down to the request at fault; but when
 * the database itself failed or said nothing, which may be after the commit, all of it fails and trying again is the
 * client's. What has waited for too long is not inserted: its client would not know of the order.
 */
const makeInsert = Effect.gen(function* () {
  const clock = yield* Clock.Clock
  const sql = yield* SqlClient.SqlClient
  const orders = yield* Orders
  const keys = yield* IdempotencyKeys
  const outbox = yield* Outbox
  const cache = yield* OrderCache
  const uuids = yield* Uuids

  /** One statement when no request has a key: then it needs no transaction around it. */
  const carryOut = Effect.fnUntraced(function* (batch: ReadonlyArray<Waiting>) {
    const keyed = batch.flatMap(({ order, key, hash, answer }) =>
      key === undefined ? [] : [{ userId: order.userId, key, hash, orderId: order.id, response: answer }]
    )
    const earlier = keyed.length === 0 ? [] : yield* keys.claim(keyed)
    const answered = new Map(earlier.map((answer) => [scopeOf(answer.userId, answer.key), answer]))
    const fresh =
      earlier.length === 0
        ? batch
        : batch.filter(({ order, key }) => key === undefined || !answered.has(scopeOf(order.userId, key)))
    if (fresh.length > 0) {
      const timestamp = DateTime.formatIso(yield* DateTime.now)
      yield* outbox.append(
        fresh.map(({ order }) => created(order, EventId.make(uuids.next()), timestamp)),
        orders.insertion(fresh.map(({ order }) => order))
      )
      yield* sql.afterCommit(cache.haveNewOrders(fresh.map(({ order }) => order.userId)))
    }
    return answered
  })

  /** What takes too long is cut off, or left behind with its connection: the next one gets another. */
  const inTime = (batch: ReadonlyArray<Waiting>) =>
    (batch.some(({ key }) => key !== undefined)
      ? sql.withTransaction(Effect.tap(carryOut(batch), () => reach("intake.inserted")))
      : carryOut(batch)
    ).pipe(
      within(LONGEST_INSERT),
      Effect.catchTag("OutcomeUnknown", (cause) => Effect.fail(silence(cause)))
    )

  const insert: (gathered: ReadonlyArray<Waiting>) => Effect.Effect<void> = Effect.fnUntraced(function* (gathered) {
    const now = monotonicMillis(clock)
    const late = gathered.filter(({ lateAt }) => lateAt <= now)
    if (late.length > 0) yield* fail(late, Cause.fail(tookTooLong()))
    const batch = late.length === 0 ? gathered : gathered.filter(({ lateAt }) => lateAt > now)
    if (batch.length === 0) return
    const exit = yield* Effect.exit(inTime(batch))
    if (Exit.isSuccess(exit)) {
      yield* reach("intake.committed")
      yield* Metric.update(Metrics.accepted, batch.length - exit.value.size)
      for (const waiting of batch) yield* Effect.andThen(waiting.settled, answer(waiting, exit.value))
      return
    }
    if (batch.length > 1 && !isPassing(Cause.squash(exit.cause))) {
      yield* insert(batch.slice(0, batch.length >> 1))
      return yield* insert(batch.slice(batch.length >> 1))
    }
    yield* fail(batch, exit.cause)
  })
  return insert
})

const tookTooLong = () => new Unavailable({ detail: "The order could not be kept in time.", retry_after_seconds: 1 })

/** What a database that does not answer has failed with. */
const silence = (cause: OutcomeUnknown): SqlError.SqlError =>
  new SqlError.SqlError({
    reason: new SqlError.ConnectionError({ cause, message: cause.message, operation: "insert" })
  })

const answer = ({ order, key, hash, answer: body, done }: Waiting, earlier: ReadonlyMap<string, EarlierAnswer>) => {
  const before = key === undefined ? undefined : earlier.get(scopeOf(order.userId, key))
  if (before === undefined) return Deferred.succeed(done, { orderId: order.id, body })
  return Buffer.compare(before.hash, hash) === 0
    ? Deferred.succeed(done, { orderId: before.orderId, body: before.response })
    : Deferred.fail(done, new IdempotencyKeyReused())
}

const created = (order: NewOrder, eventId: EventId, timestamp: string): Message =>
  message(
    Topics.orderCreated,
    {
      event_id: eventId,
      event_type: "order.created",
      timestamp,
      order: {
        order_id: order.id,
        user_id: order.userId,
        items: order.lines.map(({ itemId, quantity }) => ({ item_id: itemId, quantity })),
        total_amount: order.total,
        payment: order.payment
      }
    },
    { traceparent: order.traceparent }
  )
