import { NotificationId, type OrderCancelled, type OrderConfirmed, type OrderId } from "@flowforge/contracts"
import {
  type Consumer,
  type Delivery,
  type DependencyUnavailable,
  InHand,
  type Unprocessable
} from "@flowforge/messaging"
import { Uuids } from "@flowforge/platform"
import { Clock, Context, Duration, Effect, Layer } from "effect"
import type { NonEmptyReadonlyArray } from "effect/Array"
import { SqlClient, type SqlError } from "effect/sql"
import { NotificationConfig } from "./config.ts"
import { type Duty, dutyOf, type End, type Kind, receiptKey } from "./domain.ts"
import { cancelledLetter, confirmedLetter } from "./letters.ts"
import { idsToSend, type Plan, Sending, type Sendings } from "./sending.ts"
import { Settlements } from "./settlements.ts"
import { type Claims, NotificationStore, type Wanted } from "./store.ts"
import { makeUnbegun } from "./unbegun.ts"

export type Ended = OrderConfirmed | OrderCancelled

/** How long a shutdown waits until what nobody began is given back. */
const CLOSE_LIMIT = Duration.seconds(2)

/** Tells customers how their orders ended: claims, sends, and keeps what came of it. */
export class Notifying extends Context.Service<
  Notifying,
  {
    /** Claims what nobody claimed before, and commits the claims. No plan for an order whose customer is unknown. */
    readonly prepareConfirmed: (
      deliveries: ReadonlyArray<Delivery<OrderConfirmed>>
    ) => Effect.Effect<ReadonlyArray<Plan | undefined>, SqlError.SqlError>
    readonly prepareCancelled: (
      deliveries: ReadonlyArray<Delivery<OrderCancelled>>
    ) => Effect.Effect<ReadonlyArray<Plan | undefined>, SqlError.SqlError>
    /** Stores the receipt, then sends. When it fails, what was not sent is free to be claimed again. */
    readonly call: (
      delivery: Delivery<Ended>,
      plan: Plan | undefined
    ) => Effect.Effect<Sendings, DependencyUnavailable | InHand | Unprocessable>
    /** Gives back what was claimed for deliveries whose call never began: it is free to be claimed again. */
    readonly giveBack: (deliveries: ReadonlyArray<Delivery<Ended>>) => Effect.Effect<void, SqlError.SqlError>
    readonly record: (
      results: NonEmptyReadonlyArray<Consumer.Called<Ended, Sendings>>
    ) => Effect.Effect<void, SqlError.SqlError>
  }
>()("@flowforge/notification/Notifying") {
  static readonly layer: Layer.Layer<
    Notifying,
    never,
    NotificationConfig | NotificationStore | Sending | Settlements | SqlClient.SqlClient
  > = Layer.effect(
    Notifying,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const store = yield* NotificationStore
      const sending = yield* Sending
      const settlements = yield* Settlements
      const { claimLimit, publicUrl } = yield* NotificationConfig
      const uuids = yield* Uuids
      const timeLimitMillis = Duration.toMillis(claimLimit)

      const unbegun = makeUnbegun(timeLimitMillis)
      const giveBack = (orderIds?: ReadonlyArray<OrderId>) =>
        Effect.suspend(() => {
          const returned = unbegun.withdraw(orderIds)
          return returned.length === 0
            ? Effect.void
            : Effect.asVoid(store.settle({ receipts: [], outcomes: [], returned }))
        })
      yield* Effect.addFinalizer(() =>
        giveBack().pipe(
          Effect.timeout(CLOSE_LIMIT),
          Effect.catchCause((cause) => Effect.logWarning("claims that nobody began could not be given back", cause))
        )
      )

      const claim = Effect.fnUntraced(function* (end: End, deliveries: ReadonlyArray<Delivery<Ended>>) {
        const wanted = deliveries.map(({ event }): Wanted => {
          const ids = { email: uuids.next(), sms: uuids.next() }
          return {
            orderId: idOf(event),
            userId: event.user_id,
            emailId: NotificationId.make(ids.email),
            smsId: NotificationId.make(ids.sms)
          }
        })
        yield* giveBack(wanted.map(({ orderId }) => orderId))
        const claims = yield* store.claim(end, wanted)
        const preparedAt = yield* Clock.currentTimeMillis
        for (const [orderId, { mine }] of claims) if (mine.length > 0) unbegun.add(orderId, mine, preparedAt)
        return wanted.map((order) => {
          const found = claims.get(order.orderId)
          return found === undefined
            ? undefined
            : { ...order, preparedAt, claims: found, duties: dutiesOf(end, order, found, timeLimitMillis) }
        })
      })

      return Notifying.of({
        prepareConfirmed: Effect.fnUntraced(function* (deliveries) {
          const names = yield* store.itemNames([
            ...new Set(deliveries.flatMap(({ event }) => event.items.map((line) => line.item_id)))
          ])
          // Last, since it is committed: what fails before it leaves nothing claimed that nobody sends.
          const claimed = yield* claim("confirmed", deliveries)
          return claimed.map((order, n): Plan | undefined => {
            if (order === undefined) return undefined
            const { items, timestamp, total_amount: total } = deliveries[n]!.event
            const { claims, duties, orderId, preparedAt } = order
            const key = receiptKey(orderId, timestamp)
            const lines = items.map(({ item_id: itemId, price, quantity }) => ({
              itemId,
              name: names.get(itemId) ?? `Item ${itemId}`,
              quantity,
              price
            }))
            const receipt = { key, orderId, day: key.split("/")[1]!, customer: claims.name, lines, total }
            const receiptUrl = `${publicUrl}/orders/${orderId}/receipt`
            return {
              orderId,
              preparedAt,
              duties,
              recipient: claims,
              receipt: claims.hasReceipt ? undefined : receipt,
              letter: confirmedLetter({ orderId, customer: claims.name, total, receiptUrl })
            }
          })
        }),
        prepareCancelled: Effect.fnUntraced(function* (deliveries) {
          const claimed = yield* claim("cancelled", deliveries)
          return claimed.map((order, n): Plan | undefined => {
            if (order === undefined) return undefined
            const { claims, duties, orderId, preparedAt } = order
            const { reason } = deliveries[n]!.event
            return {
              orderId,
              preparedAt,
              duties,
              recipient: claims,
              receipt: undefined,
              letter: cancelledLetter({ orderId, customer: claims.name, reason })
            }
          })
        }),
        call: (delivery, plan) =>
          Effect.suspend(() => {
            if (plan !== undefined && !unbegun.begin(plan.orderId, idsToSend(plan.duties))) {
              return Effect.fail(
                new InHand({
                  reason: "another attempt has taken this one's claims over",
                  forMillis: timeLimitMillis
                })
              )
            }
            return sending.carryOut(plan, (progress) =>
              sql
                .withTransaction(settlements.settle(progress, () => delivery))
                .pipe(
                  Effect.catchCause((cause) =>
                    Effect.logWarning("what came of a sending could not be kept", cause).pipe(
                      Effect.annotateLogs({ order_id: delivery.event.order_id })
                    )
                  )
                )
            )
          }),
        giveBack: (deliveries) => giveBack(deliveries.map(({ event }) => idOf(event))),
        record: (results) => {
          const causes = new Map<OrderId, Delivery<Ended>>(
            results.map(({ delivery }) => [idOf(delivery.event), delivery])
          )
          return settlements.settle(
            {
              receipts: results.flatMap(({ result }) => (result.receipt === undefined ? [] : [result.receipt])),
              outcomes: results.flatMap(({ result }) => result.outcomes),
              returned: []
            },
            (orderId) => causes.get(orderId)
          )
        }
      })
    })
  )
}

/** PostgreSQL answers ids in lower case, and an order must be found again under the id it came with. */
const idOf = (event: Ended): OrderId => event.order_id.toLowerCase() as OrderId

const dutiesOf = (end: End, order: Wanted, claims: Claims, timeLimitMillis: number): ReadonlyArray<Duty> => {
  const kinds: ReadonlyArray<Kind> = claims.phone === null ? [`${end}_email`] : [`${end}_email`, `${end}_sms`]
  return kinds.map((kind): Duty => {
    const id = kind.endsWith("_sms") ? order.smsId : order.emailId
    if (claims.mine.includes(id)) return { _tag: "Send", id, kind }
    const earlier = claims.earlier.find((claim) => claim.kind === kind)
    // Neither ours nor there before: another attempt claimed it in between.
    return earlier === undefined ? { _tag: "Wait", kind, forMillis: timeLimitMillis } : dutyOf(earlier, timeLimitMillis)
  })
}
