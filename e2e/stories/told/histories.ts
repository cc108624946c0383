import type { CancelReason, OrderDetails } from "@flowforge/contracts"
import type { Message } from "@flowforge/messaging"
import type { Money } from "../../system/outside.ts"
import { cancelled, confirmed, created, lacking, notified, paid, refunded, setAside, unpaid } from "./events.ts"

export const ITEM = 22
export const SCARCE = 61

/** Topics as an order's events came from them. */
export type Arrival = ReadonlyArray<string>

/** A way for an order to end, and all that is told on it. */
export interface History {
  readonly name: string
  readonly item: number
  readonly token: string
  /** Before anything comes: only then is it known that the customer is the reason. */
  readonly isCancelled: boolean
  readonly events: (order: OrderDetails, token: string) => ReadonlyArray<Message>
  readonly end: CancelReason | "CONFIRMED"
  readonly money: (arrival: Arrival) => Money
  readonly isRefundTold: (arrival: Arrival) => boolean
}

const never = () => false
const isBefore = (arrival: Arrival, one: string, other: string) => arrival.indexOf(one) < arrival.indexOf(other)
/** A cancel that comes first leaves a tombstone: nothing is captured then. */
const isCaptured = (arrival: Arrival) => isBefore(arrival, "order.created", "order.cancelled")
const backIfCaptured = (arrival: Arrival): Money =>
  isCaptured(arrival) ? { captures: 1, refunds: 1 } : { captures: 0, refunds: 0 }

export const histories: ReadonlyArray<History> = [
  {
    name: "confirmed",
    item: ITEM,
    token: "tok_ok",
    isCancelled: false,
    events: (order, token) => [created(order, token), paid(order), setAside(order), confirmed(order), notified(order)],
    end: "CONFIRMED",
    money: () => ({ captures: 1, refunds: 0 }),
    isRefundTold: never
  },
  {
    name: "declined",
    item: ITEM,
    token: "tok_declined",
    isCancelled: false,
    events: (order, token) => [
      created(order, token),
      unpaid(order),
      cancelled(order, "PAYMENT_FAILED"),
      notified(order)
    ],
    end: "PAYMENT_FAILED",
    money: () => ({ captures: 0, refunds: 0 }),
    isRefundTold: never
  },
  {
    name: "out of stock",
    item: SCARCE,
    token: "tok_ok",
    isCancelled: false,
    events: (order, token) => [
      created(order, token),
      paid(order),
      lacking(order),
      cancelled(order, "OUT_OF_STOCK"),
      refunded(order),
      notified(order)
    ],
    end: "OUT_OF_STOCK",
    money: backIfCaptured,
    // An order that is not cancelled yet has nothing to return: it hears of the refund once more when there is one.
    isRefundTold: (arrival) => isCaptured(arrival) || isBefore(arrival, "inventory.failed", "payment.refunded")
  },
  {
    name: "cancelled by its customer",
    item: ITEM,
    token: "tok_ok",
    isCancelled: true,
    events: (order, token) => [
      created(order, token),
      paid(order),
      setAside(order),
      cancelled(order, "CUSTOMER"),
      refunded(order),
      notified(order)
    ],
    end: "CUSTOMER",
    money: backIfCaptured,
    isRefundTold: () => true
  }
]

/** The states that an order goes through. */
export const statesTo = ({ end, isRefundTold }: History, arrival: Arrival): ReadonlyArray<string> => {
  if (end === "CONFIRMED") return ["PENDING", "CONFIRMED"]
  return isRefundTold(arrival) ? ["PENDING", "CANCELLED", "REFUNDED"] : ["PENDING", "CANCELLED"]
}
