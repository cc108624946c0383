import type { Ended, Outcome } from "./customers.ts"
import { mailsAbout } from "./aftermath.ts"
import type { Letter } from "../system/letters.ts"
import type { Money } from "../system/outside.ts"
import type { Kind, Shop } from "./plan.ts"

/** One line of the balance: what was seen against what the plan and the answers say there must be. */
export interface Finding {
  readonly what: string
  readonly seen: number
  readonly expected: number
}

/** What the outside records and the shop say after the last order. */
export interface Aftermath {
  readonly money: ReadonlyMap<string, Money>
  readonly told: ReadonlyMap<string, ReadonlyArray<Letter>>
  readonly piecesLeft: number
}

export const addsUp = ({ expected, seen }: Finding): boolean => seen === expected

/** Holds what customers and the outside world saw against what they must have seen. */
export const balance = (
  outcomes: ReadonlyArray<Outcome>,
  shop: Shop,
  { money, piecesLeft, told }: Aftermath
): ReadonlyArray<Finding> => {
  const ended = outcomes.filter((outcome) => outcome.kind === "ended")
  const planned = (...kinds: ReadonlyArray<Kind>) =>
    outcomes.filter(({ intention }) => kinds.includes(intention.kind)).length
  const count = (holds: (order: Ended) => boolean) => ended.filter(holds).length
  const because = (reason: string) => count(({ order }) => order.cancel_reason === reason)
  const moneyOf = ({ order }: Ended) => money.get(order.order_id) ?? { captures: 0, refunds: 0 }
  const sum = (of: (order: Ended) => number) => ended.reduce((total, order) => total + of(order), 0)

  const pieces = shop.scarce.length * shop.piecesEach
  const customerCancelled = count(({ cancelled }) => cancelled === true)
  const confirmed = planned("ordinary", "stumbling", "repeats") + pieces + planned("cancels") - customerCancelled
  const finding = (what: string, seen: number, expected: number): Finding => ({ what, seen, expected })
  return [
    finding("accepted", ended.length, outcomes.length),
    finding(
      "confirmed",
      count(({ order }) => order.status === "CONFIRMED"),
      confirmed
    ),
    finding("cancelled: payment failed", because("PAYMENT_FAILED"), planned("declined")),
    finding("cancelled: out of stock", because("OUT_OF_STOCK"), planned("rush", "too many") - pieces),
    finding("cancelled: by the customer", because("CUSTOMER"), customerCancelled),
    finding("with another end than foretold", ended.filter((order) => surprise(order) !== undefined).length, 0),
    finding("pieces sold of the items that ran dry", count(isSoldRush), pieces),
    finding("pieces of them left", piecesLeft, 0),
    finding(
      "repeated requests answered the same",
      count(({ sameAnswer }) => sameAnswer === true),
      planned("repeats")
    ),
    finding(
      "captured more than once",
      count((order) => moneyOf(order).captures > 1),
      0
    ),
    finding(
      "captured and kept",
      sum((order) => moneyOf(order).captures - moneyOf(order).refunds),
      confirmed
    ),
    finding(
      "refunds",
      sum((order) => moneyOf(order).refunds),
      count(isRefunded)
    ),
    finding(
      "receipts",
      count(({ receiptOpened }) => receiptOpened),
      confirmed
    ),
    finding(
      "receipts as PDF",
      count(({ pdfOpened }) => pdfOpened),
      count(wantsPdf)
    ),
    finding(
      "mails",
      sum(({ order }) => mailsAbout(told, order.order_id)),
      ended.length
    ),
    finding(
      "without exactly one mail",
      count(({ order }) => mailsAbout(told, order.order_id) !== 1),
      0
    )
  ]
}

const isSoldRush = ({ intention, order }: Ended) => intention.kind === "rush" && order.status === "CONFIRMED"
const isRefunded = ({ order }: Ended) => order.history.some(({ state }) => state === "REFUNDED")
const wantsPdf = ({ intention, order }: Ended) => intention.wantsPdf && order.status === "CONFIRMED"

/** How an order ended otherwise than its customer's kind foretells, in words. */
export const surprise = ({ cancelled, intention, order }: Ended): string | undefined => {
  const end = order.cancel_reason ?? order.status
  const foretold: Readonly<Record<Kind, ReadonlyArray<string>>> = {
    ordinary: ["CONFIRMED"],
    stumbling: ["CONFIRMED"],
    repeats: ["CONFIRMED"],
    declined: ["PAYMENT_FAILED"],
    "too many": ["OUT_OF_STOCK"],
    rush: ["CONFIRMED", "OUT_OF_STOCK"],
    cancels: [cancelled === true ? "CUSTOMER" : "CONFIRMED"]
  }
  if (!foretold[intention.kind].includes(end)) {
    return `${order.order_id} (${intention.kind}, ${intention.token}): ${end}, not ${foretold[intention.kind].join(" or ")}`
  }
  if (end === "OUT_OF_STOCK" && !(isRefunded({ order } as Ended) && namesWhatFailed({ intention, order } as Ended))) {
    return `${order.order_id}: out of stock, but not refunded, or without the items that failed`
  }
  return order.trouble.length > 0 ? `${order.order_id}: still in trouble: ${order.trouble[0]!.error}` : undefined
}

/** The scarce item, which is always an order's last line, and no other. */
const namesWhatFailed = ({ intention, order }: Ended): boolean =>
  order.failed_items?.length === 1 && order.failed_items[0]!.item_id === intention.items.at(-1)!.item_id

/** Milliseconds from acceptance to a state, as the orders' own histories have them. */
export interface Latency {
  readonly to: string
  readonly orders: number
  readonly p50: number | undefined
  readonly p99: number | undefined
}

export const latencies = (outcomes: ReadonlyArray<Outcome>): ReadonlyArray<Latency> => {
  const ended = outcomes.filter((outcome) => outcome.kind === "ended")
  const stumbling = ended.filter(({ intention }) => intention.kind === "stumbling")
  const smooth = ended.filter(({ intention }) => intention.kind !== "stumbling")
  return [
    latency("confirmed", smooth, "CONFIRMED"),
    latency("confirmed, the payment company stumbling", stumbling, "CONFIRMED"),
    latency("cancelled", smooth, "CANCELLED"),
    latency("refunded", smooth, "REFUNDED")
  ]
}

const latency = (to: string, ended: ReadonlyArray<Ended>, state: string): Latency => {
  const millis = ended
    .flatMap(({ order }) => {
      const at = (name: string) => order.history.find((entry) => entry.state === name)?.at
      const [from, until] = [at("PENDING"), at(state)]
      return from === undefined || until === undefined ? [] : [Date.parse(until) - Date.parse(from)]
    })
    .sort((a, b) => a - b)
  const percentile = (p: number) => millis[Math.min(millis.length - 1, Math.floor(millis.length * p))]
  return { to, orders: millis.length, p50: percentile(0.5), p99: percentile(0.99) }
}
