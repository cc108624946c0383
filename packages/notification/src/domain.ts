import type { NotificationId, OrderId } from "@flowforge/contracts"

/** Which end of its order a customer is told about. */
export type End = "confirmed" | "cancelled"
export type Channel = "email" | "sms"
/** An order's end is told at most once over each channel. */
export type Kind = `${End}_${Channel}`

export const channelOf = (kind: Kind): Channel => (kind.endsWith("_sms") ? "sms" : "email")

export type Status = "claimed" | "sent" | "failed" | "unknown"

/** A sending that an attempt before this one entered. */
export interface EarlierClaim {
  readonly id: NotificationId
  readonly kind: Kind
  readonly status: Status
  readonly ageMillis: number
}

/** What is to be done about one (order, kind). */
export type Duty =
  /** This attempt claimed it: nobody else sends it. */
  | { readonly _tag: "Send"; readonly id: NotificationId; readonly kind: Kind }
  /** Another attempt may be sending it at this moment. */
  | { readonly _tag: "Wait"; readonly kind: Kind; readonly forMillis: number }
  /** An attempt that claimed it never said what came of it, and never will: it may have been sent. */
  | { readonly _tag: "GiveUp"; readonly id: NotificationId; readonly kind: Kind }
  | { readonly _tag: "Done"; readonly kind: Kind }

/** Neither mail nor SMS knows an idempotency key, so a claim without a result is never sent again. */
export const dutyOf = (claim: EarlierClaim, timeLimitMillis: number): Duty => {
  const { id, kind } = claim
  if (claim.status !== "claimed") return { _tag: "Done", kind }
  const forMillis = timeLimitMillis - claim.ageMillis
  return forMillis > 0 ? { _tag: "Wait", kind, forMillis } : { _tag: "GiveUp", id, kind }
}

/** What came of a sending, for good. */
export interface Outcome {
  readonly id: NotificationId
  readonly status: Exclude<Status, "claimed">
  /** Why it was not sent, or why nobody knows; empty when it was. */
  readonly error: string
}

/** Where an order's receipt is kept, by the day of its confirmation (UTC). */
export const receiptKey = (orderId: OrderId, confirmedAt: string): string =>
  `receipts/${new Date(confirmedAt).toISOString().slice(0, 10)}/${orderId}.html`

/** The PDF stands beside the HTML. */
export const pdfKey = (key: string): string => key.replace(/\.html$/u, ".pdf")

/** The day that a receipt's key names. */
export const dayOfKey = (key: string): string => key.split("/")[1] ?? ""

/**
 * The most orders to claim at once, of which so many are told at a time, each in up to `callMillis`. The last one's turn
 * comes, and the results are kept, before the claims are too old: or they would be given up though nobody is in doubt.
 */
export const claimableAtOnce = (calls: {
  readonly atATime: number
  readonly callMillis: number
  readonly limitMillis: number
}): number => calls.atATime * Math.max(1, Math.floor(calls.limitMillis / calls.callMillis) - 1)
