import {
  EventId,
  IdempotencyKeyReused,
  OrderId,
  type OrderRequest,
  type InvalidRequest,
  RequestInFlight,
  type TooManyRequests,
  Topics,
  type Unavailable
} from "@flowforge/contracts"
import { type Message, message, Outbox } from "@flowforge/messaging"
import { Uuids } from "@flowforge/platform"
import { Cause, Context, DateTime, Deferred, Effect, Exit, Layer, Metric, Queue } from "effect"
import { SqlClient, SqlError } from "effect/sql"
import { Catalogue } from "../catalogue.ts"
import { OrderConfig } from "../config.ts"
import * as Metrics from "../metrics.ts"
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

/** A request that waits for its insert. */
interface Waiting {
  readonly order: NewOrder
  readonly key: string | undefined
  readonly hash: Uint8Array
  readonly answer: Uint8Array
  readonly done: Deferred.Deferred<Accepted, IntakeError>
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
    Admission | Catalogue | IdempotencyKeys | OrderConfig | Orders | Outbox | SqlClient.SqlClient
  > = Layer.effect(
    Intake,
    Effect.gen(function* () {
      const { intakeBatch } = yield* OrderConfig
      const admission = yield* Admission
      const catalogue = yield* Catalogue
      const uuids = yield* Uuids
      const insert = yield* makeInsert
      const queue = yield* Queue.unbounded<Waiting>()
      const inFlight = new Set<string>()

      yield* Effect.forkScoped(
        Effect.forever(
          Effect.flatMap(Queue.takeBetween(queue, 1, intakeBatch), (batch) =>
            Effect.andThen(Metric.update(Metrics.intakeBatch, batch.length), insert(batch))
          )
        )
      )

      return Intake.of({
        place: Effect.fnUntraced(function* ({ order: request, idempotencyKey: key, traceparent }) {
          const waiting = yield* Queue.size(queue)
          yield* admission.admit(waiting)
          const order = yield* check(catalogue, request, { id: OrderId.make(uuids.next()), traceparent })
          const scope = key === undefined ? undefined : `${request.user_id} ${key}`
          if (scope !== undefined && inFlight.has(scope)) {
            return yield* new RequestInFlight({ retry_after_seconds: 1 })
          }
          if (scope !== undefined) inFlight.add(scope)
          const done = yield* Deferred.make<Accepted, IntakeError>()
          const hash = key === undefined ? NO_HASH : requestHash(order)
          yield* Queue.offer(queue, { order, key, hash, answer: answerOf(order), done })
          // A client that goes away interrupts only its waiting: the key is free again when the insert has ended.
          if (scope !== undefined) {
            yield* Effect.forkDetach(
              Effect.andThen(
                Effect.exit(Deferred.await(done)),
                Effect.sync(() => inFlight.delete(scope))
              )
            )
          }
          return yield* Deferred.await(done)
        })
      })
    })
  )
}

const NO_HASH = new Uint8Array()

/** Inserts a batch and answers each of its requests. A batch that fails is split, down to the request at fault. */
const makeInsert = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const orders = yield* Orders
  const keys = yield* IdempotencyKeys
  const outbox = yield* Outbox
  const uuids = yield* Uuids

  const transaction = Effect.fnUntraced(function* (batch: ReadonlyArray<Waiting>) {
    const keyed = batch.flatMap(({ order, key, hash, answer }) =>
      key === undefined ? [] : [{ userId: order.userId, key, hash, orderId: order.id, response: answer }]
    )
    const earlier = keyed.length === 0 ? [] : yield* keys.claim(keyed)
    const answered = new Map(earlier.map((answer) => [`${answer.userId} ${answer.key}`, answer]))
    const fresh =
      earlier.length === 0 ? batch : batch.filter(({ order, key }) => !answered.has(`${order.userId} ${key}`))
    if (fresh.length > 0) {
      const timestamp = DateTime.formatIso(yield* DateTime.now)
      yield* orders.insert(fresh.map(({ order }) => order))
      yield* outbox.append(fresh.map(({ order }) => created(order, EventId.make(uuids.next()), timestamp)))
    }
    return answered
  })

  const insert: (batch: ReadonlyArray<Waiting>) => Effect.Effect<void> = Effect.fnUntraced(function* (batch) {
    const exit = yield* Effect.exit(sql.withTransaction(transaction(batch)))
    if (Exit.isSuccess(exit)) {
      yield* Metric.update(Metrics.accepted, batch.length - exit.value.size)
      for (const waiting of batch) yield* answer(waiting, exit.value)
      return
    }
    const error = Cause.squash(exit.cause)
    if (batch.length > 1 && !(SqlError.isSqlError(error) && error.isRetryable)) {
      yield* insert(batch.slice(0, batch.length >> 1))
      return yield* insert(batch.slice(batch.length >> 1))
    }
    for (const { done } of batch) yield* Deferred.failCause(done, exit.cause)
  })
  return insert
})

const answer = ({ order, key, hash, answer: body, done }: Waiting, earlier: ReadonlyMap<string, EarlierAnswer>) => {
  const before = key === undefined ? undefined : earlier.get(`${order.userId} ${key}`)
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
