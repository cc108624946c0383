import { isDeepStrictEqual } from "node:util"
import { ItemId, type OrderDetails, type OrderId, UserId } from "@flowforge/contracts"
import { Clock, Effect, Schema } from "effect"
import { FlowForge } from "../system/client.ts"
import type { Intention } from "./plan.ts"
import { patiently, Unanswered } from "../system/patience.ts"

/** What became of an intention: refused at the door, or an order as it ended. */
export type Outcome =
  | { readonly kind: "refused"; readonly intention: Intention; readonly problem: string }
  | {
      readonly kind: "ended"
      readonly intention: Intention
      readonly order: OrderDetails
      /** Whoever wanted to cancel was told so in time; `undefined` for who did not want to. */
      readonly cancelled: boolean | undefined
      /** The repeated requests were answered the same, and another order under the same key was refused. */
      readonly sameAnswer: boolean | undefined
      /** The receipt opened behind its signed address and names the order. */
      readonly receiptOpened: boolean
      readonly pdfOpened: boolean
    }

export type Ended = Extract<Outcome, { kind: "ended" }>

/** What customers are up to, counted as it happens. */
export interface Tally {
  placed: number
  accepted: number
  readonly ends: { CONFIRMED: number; CANCELLED: number }
}

/** An order did not reach its end in time. */
export class StandsStill extends Schema.TaggedError<StandsStill>()("StandsStill", { message: Schema.String }) {}

const PATIENCE_MILLIS = 60_000
/** They ask soon at first, then less and less often: many customers who wait are no small load. */
const FIRST_PAUSE_MILLIS = 50
const LONGEST_PAUSE_MILLIS = 800
const nextPause = (millis: number): number => Math.min(LONGEST_PAUSE_MILLIS, 2 * millis)

/** Places the order as a customer would, waits for its end, and opens the receipt where there is one. */
export const serve = Effect.fnUntraced(function* (intention: Intention, key: string, tally: Tally) {
  tally.placed++
  const place = placing(intention, key)
  const answers = yield* Effect.result(
    intention.kind === "repeats" ? Effect.all([place, place], { concurrency: 2 }) : Effect.map(place, (body) => [body])
  )
  if (answers._tag === "Failure") {
    if (answers.failure._tag === "SystemGone") return yield* answers.failure
    const problem = `${answers.failure._tag}: ${answers.failure.message}`
    return { kind: "refused", intention, problem } satisfies Outcome
  }
  tally.accepted++
  const [answer, ...again] = answers.success
  const orderId = answer!.order_id
  const cancelled = intention.kind === "cancels" ? yield* cancel(orderId) : undefined
  const order = yield* ended(orderId)
  tally.ends[order.status === "CONFIRMED" ? "CONFIRMED" : "CANCELLED"]++
  const sameAnswer =
    intention.kind === "repeats"
      ? [...again, yield* place].every((body) => isDeepStrictEqual(body, answer)) &&
        (yield* isRefusedAsAnother(intention, key))
      : undefined
  const isConfirmed = order.status === "CONFIRMED"
  return {
    kind: "ended",
    intention,
    order,
    cancelled,
    sameAnswer,
    receiptOpened: isConfirmed && (yield* openReceipt(orderId, "html")),
    pdfOpened: isConfirmed && intention.wantsPdf && (yield* openReceipt(orderId, "pdf"))
  } satisfies Outcome
})

/** Everything that is known about an order now. */
export const lookAt = Effect.fnUntraced(function* (orderId: OrderId) {
  const { api } = yield* FlowForge
  return yield* patiently(api.orders.get({ params: { order_id: orderId } }))
})

const placing = Effect.fnUntraced(function* ({ items, token, userId }: Intention, key: string) {
  const { api } = yield* FlowForge
  const { body } = yield* patiently(
    api.orders.place({
      headers: { "idempotency-key": key },
      payload: {
        user_id: UserId.make(userId),
        items: items.map(({ item_id, quantity }) => ({ item_id: ItemId.make(item_id), quantity })),
        payment_info: { method: "card", token }
      }
    })
  )
  return body
})

/** The same key for another order is a mistake, and must be refused as one. */
const isRefusedAsAnother = (intention: Intention, key: string) =>
  placing(
    { ...intention, items: [...intention.items, { item_id: intention.items[0]!.item_id, quantity: 1 }] },
    key
  ).pipe(
    Effect.as(false),
    Effect.catchTag("IdempotencyKeyReused", () => Effect.succeed(true))
  )

/** Whether the cancel came in time. */
const cancel = Effect.fnUntraced(function* (orderId: OrderId) {
  const { api } = yield* FlowForge
  return yield* patiently(api.orders.cancel({ params: { order_id: orderId } })).pipe(
    Effect.as(true),
    Effect.catchTag("OrderAlreadyFinal", () => Effect.succeed(false))
  )
})

const ended = Effect.fnUntraced(function* (orderId: OrderId) {
  const { api } = yield* FlowForge
  const deadline = (yield* Clock.currentTimeMillis) + PATIENCE_MILLIS
  for (let pause = FIRST_PAUSE_MILLIS; ; pause = nextPause(pause)) {
    yield* Effect.sleep(pause)
    const { status } = yield* patiently(api.orders.status({ params: { order_id: orderId } }))
    if (status !== "PENDING") return yield* lookAt(orderId)
    if ((yield* Clock.currentTimeMillis) > deadline) {
      return yield* new StandsStill({
        message: `Order ${orderId} did not reach its end within ${PATIENCE_MILLIS / 1_000} seconds: look at /orders/${orderId}.`
      })
    }
  }
})

const openReceipt = Effect.fnUntraced(function* (orderId: OrderId, format: "html" | "pdf") {
  const { publicUrl } = yield* FlowForge
  const deadline = (yield* Clock.currentTimeMillis) + PATIENCE_MILLIS
  for (let pause = FIRST_PAUSE_MILLIS; (yield* Clock.currentTimeMillis) < deadline; pause = nextPause(pause)) {
    const { body, status } = yield* patiently(
      Effect.tryPromise({
        try: async () => {
          const response = await fetch(`${publicUrl}/orders/${orderId}/receipt?format=${format}`)
          return { status: response.status, body: Buffer.from(await response.arrayBuffer()) }
        },
        catch: (cause) => new Unanswered({ message: (cause as Error).message })
      })
    )
    if (status === 200) return format === "pdf" ? body.includes("%PDF-") : body.includes(orderId)
    if (status !== 409 && status !== 503) return false
    yield* Effect.sleep(pause)
  }
  return false
})
