import { EventId, ItemId, MinorUnits, Topics } from "@flowforge/contracts"
import { type Cause, type Message, message } from "@flowforge/messaging"
import type { OrderMove } from "./domain.ts"
import type { LockedOrder } from "./store.ts"

/** What an order's move has to say to others: nothing for a refund, which only the order's own history needs. */
export const announcementOf = (
  { id: order_id, items, total_amount, user_id }: LockedOrder,
  move: OrderMove,
  envelope: { readonly eventId: string; readonly timestamp: string; readonly cause: Cause | undefined }
): ReadonlyArray<Message> => {
  const { timestamp, cause } = envelope
  const event_id = EventId.make(envelope.eventId)
  switch (move._tag) {
    case "Confirm":
      return [
        message(
          Topics.orderConfirmed,
          {
            event_id,
            event_type: "order.confirmed",
            timestamp,
            order_id,
            user_id,
            items: items.map(({ item_id, quantity, price }) => ({
              item_id: ItemId.make(item_id),
              quantity,
              price: MinorUnits.make(price)
            })),
            total_amount: MinorUnits.make(total_amount)
          },
          cause
        )
      ]
    case "Cancel":
      return [
        message(
          Topics.orderCancelled,
          {
            event_id,
            event_type: "order.cancelled",
            timestamp,
            order_id,
            user_id,
            reason: move.reason,
            ...(move.failedItems === undefined ? {} : { failed_items: move.failedItems })
          },
          cause
        )
      ]
    case "RecordRefund":
      return []
  }
}
