import type { RunningSystem } from "@flowforge/embedded"
import { Clock, Effect } from "effect"
import { type Ended, lookAt, type Outcome } from "./customers.ts"
import { type Letter, lettersSince } from "../system/letters.ts"
import { type Money, moneySince, shortName } from "../system/outside.ts"

/** How long after the last order's end mails and refunds may take. */
const PATIENCE_MILLIS = 30_000

/** Where in the outside records the demo began. */
export interface Beginning {
  readonly system: RunningSystem
  readonly ledgerStart: number
  /** Milliseconds since 1970. */
  readonly startedAt: number
}

/**
 * Waits until the money of every cancelled order is back and every customer has been told, or patience is at its end.
 * Answers what the outside records say, and the orders as they stand then.
 */
export const settled = Effect.fnUntraced(function* (outcomes: ReadonlyArray<Outcome>, begun: Beginning) {
  const deadline = (yield* Clock.currentTimeMillis) + PATIENCE_MILLIS
  const ended = outcomes.filter((outcome) => outcome.kind === "ended")
  for (;;) {
    const money = yield* moneySince(begun.system.gatewayUrl, begun.ledgerStart)
    const told = yield* lettersSince(begun.system.messages, begun.startedAt)
    const isTold = ended.every(({ order }) => mailsAbout(told, order.order_id) > 0)
    const isPaidBack = ended.every(({ order }) => order.status === "CONFIRMED" || !isOwed(money, order.order_id))
    const isLate = (yield* Clock.currentTimeMillis) > deadline
    if ((isTold && isPaidBack) || isLate) {
      const newest = yield* Effect.forEach(outcomes, (outcome) => lookAgain(outcome, money, deadline), {
        concurrency: 8
      })
      return { aftermath: { money, told }, outcomes: newest }
    }
    yield* Effect.sleep("250 millis")
  }
})

/** How many mails an order's customer got. */
export const mailsAbout = (told: ReadonlyMap<string, ReadonlyArray<Letter>>, orderId: string): number =>
  (told.get(shortName(orderId)) ?? []).filter(({ kind }) => kind === "email").length

const isOwed = (money: ReadonlyMap<string, Money>, orderId: string): boolean => {
  const { captures, refunds } = money.get(orderId) ?? { captures: 0, refunds: 0 }
  return captures > refunds
}

/** A refund is in the ledger a moment before the order's history has it, and what was parked gets done in time. */
const lookAgain = Effect.fnUntraced(function* (outcome: Outcome, money: ReadonlyMap<string, Money>, deadline: number) {
  if (outcome.kind === "refused") return outcome
  const { order_id } = outcome.order
  const isRefunded = (money.get(order_id)?.refunds ?? 0) > 0
  for (;;) {
    const order = yield* lookAt(order_id)
    const isDone = order.trouble.length === 0 && isRefunded === order.history.some(({ state }) => state === "REFUNDED")
    if (isDone || (yield* Clock.currentTimeMillis) > deadline) return { ...outcome, order } satisfies Ended
    yield* Effect.sleep("100 millis")
  }
})
