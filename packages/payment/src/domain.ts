import { Result } from "effect"

/** Where the payment of an order stands, and what is known from the gateway. */
export type PaymentState =
  /** The intent is kept; the gateway may or may not have captured. */
  | { readonly _tag: "pending" }
  | { readonly _tag: "captured"; readonly txnId: string }
  | { readonly _tag: "declined"; readonly reason: string }
  /** The order was cancelled while the capture was under way: the gateway is asked to void. */
  | { readonly _tag: "voiding" }
  /** Nothing was captured and nothing ever will be. Also the tombstone of an order cancelled before it was heard of. */
  | { readonly _tag: "void" }
  | { readonly _tag: "refunding"; readonly txnId: string }
  | { readonly _tag: "refunded"; readonly txnId: string; readonly refundId: string }

/** What the gateway definitely says about a key. */
export type GatewayFact =
  | { readonly _tag: "Captured"; readonly txnId: string }
  | { readonly _tag: "Declined"; readonly reason: string }
  | { readonly _tag: "Voided" }
  | { readonly _tag: "Refunded"; readonly refundId: string }

export type PaymentEvent = { readonly _tag: "OrderCreated" } | { readonly _tag: "OrderCancelled" } | GatewayFact

export type Refusal = "Settled" | "Unknown"

/** What is owed to the gateway in a state. */
export const owed = (state: PaymentState): "capture" | "void" | "refund" | undefined => {
  switch (state._tag) {
    case "pending":
      return "capture"
    case "voiding":
      return "void"
    case "refunding":
      return "refund"
    default:
      return undefined
  }
}

const settled = Result.fail("Settled" as const)

/** The next state after an event; `undefined` is an order never heard of. A refused event changes nothing. */
export const decide = (state: PaymentState | undefined, event: PaymentEvent): Result.Result<PaymentState, Refusal> => {
  if (state === undefined) {
    if (event._tag === "OrderCreated") return Result.succeed({ _tag: "pending" })
    return event._tag === "OrderCancelled" ? Result.succeed({ _tag: "void" }) : Result.fail("Unknown")
  }
  switch (event._tag) {
    case "OrderCreated":
      return settled
    case "OrderCancelled":
      if (state._tag === "pending") return Result.succeed({ _tag: "voiding" })
      return state._tag === "captured" ? Result.succeed({ _tag: "refunding", txnId: state.txnId }) : settled
    case "Captured":
      if (state._tag === "pending") return Result.succeed({ _tag: "captured", txnId: event.txnId })
      return state._tag === "voiding" ? Result.succeed({ _tag: "refunding", txnId: event.txnId }) : settled
    case "Declined":
      if (state._tag === "pending") return Result.succeed({ _tag: "declined", reason: event.reason })
      return state._tag === "voiding" ? Result.succeed({ _tag: "void" }) : settled
    case "Voided":
      if (state._tag === "pending") return Result.succeed({ _tag: "declined", reason: "given up" })
      return state._tag === "voiding" ? Result.succeed({ _tag: "void" }) : settled
    case "Refunded":
      return state._tag === "refunding"
        ? Result.succeed({ _tag: "refunded", txnId: state.txnId, refundId: event.refundId })
        : settled
  }
}
