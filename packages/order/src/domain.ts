import type { CancelReason, FailedItem } from "@flowforge/contracts"
import { Result } from "effect"

/** Where an order stands. Confirmed and cancelled are final; a cancelled order may have its money returned, once. */
export type OrderState =
  | { readonly _tag: "Pending" }
  | { readonly _tag: "Confirmed" }
  | { readonly _tag: "Cancelled"; readonly reason: CancelReason; readonly refunded: boolean }

/** What can happen to an order after it was accepted. */
export type OrderMove =
  | { readonly _tag: "Confirm" }
  | { readonly _tag: "Cancel"; readonly reason: CancelReason; readonly failedItems?: ReadonlyArray<FailedItem> }
  | { readonly _tag: "RecordRefund" }

/** Why a move changes nothing. */
export type Refusal = "AlreadyConfirmed" | "AlreadyCancelled" | "NotCancelled" | "AlreadyRefunded"

export const accepted: OrderState = { _tag: "Pending" }

/**
 * The one place that decides an order's end. The first of Confirm and Cancel wins; whatever comes later, or twice, is
 * refused, and a refused move has no effect.
 */
export const decide = (state: OrderState, move: OrderMove): Result.Result<OrderState, Refusal> => {
  switch (move._tag) {
    case "Confirm":
    case "Cancel":
      if (state._tag === "Confirmed") return Result.fail("AlreadyConfirmed")
      if (state._tag === "Cancelled") return Result.fail("AlreadyCancelled")
      return Result.succeed(
        move._tag === "Confirm" ? { _tag: "Confirmed" } : { _tag: "Cancelled", reason: move.reason, refunded: false }
      )
    case "RecordRefund":
      if (state._tag !== "Cancelled") return Result.fail("NotCancelled")
      return state.refunded ? Result.fail("AlreadyRefunded") : Result.succeed({ ...state, refunded: true })
  }
}
