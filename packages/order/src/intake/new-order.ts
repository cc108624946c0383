import type { ItemId, MinorUnits, OrderId, PaymentInfo, UserId } from "@flowforge/contracts"

/** An order that is to be accepted: checked, priced, with its identity. */
export interface NewOrder {
  readonly id: OrderId
  readonly userId: UserId
  readonly lines: ReadonlyArray<{ readonly itemId: ItemId; readonly quantity: number; readonly price: MinorUnits }>
  readonly total: MinorUnits
  readonly payment: PaymentInfo
  /** The trace of the request, to go on with. */
  readonly traceparent: string | undefined
}
