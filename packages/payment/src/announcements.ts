import { EventId, type Line, MinorUnits, RefundId, Topics, TransactionId, type UserId } from "@flowforge/contracts"
import { type Cause, type Message, message } from "@flowforge/messaging"
import type { PaymentState } from "./domain.ts"
import type { Payment } from "./store.ts"

/** What a payment's new state has to say to others: nothing for the states between. */
export const announcementOf = (
  payment: Payment,
  state: PaymentState,
  envelope: { readonly eventId: string; readonly timestamp: string; readonly cause: Cause | undefined }
): ReadonlyArray<Message> => {
  const { order_id } = payment
  const { timestamp, cause } = envelope
  const event_id = EventId.make(envelope.eventId)
  const amount = MinorUnits.make(payment.amount ?? 0)
  const user_id = payment.user_id as UserId
  switch (state._tag) {
    case "captured": {
      const items: ReadonlyArray<Line> = payment.items ?? []
      const txn_id = TransactionId.make(state.txnId)
      const event_type = "payment.succeeded" as const
      return [
        message(
          Topics.paymentSucceeded,
          { event_id, event_type, timestamp, order_id, user_id, txn_id, amount, items },
          cause
        )
      ]
    }
    case "declined": {
      const event_type = "payment.failed" as const
      return [
        message(
          Topics.paymentFailed,
          { event_id, event_type, timestamp, order_id, user_id, reason: state.reason },
          cause
        )
      ]
    }
    case "refunded": {
      const txn_id = TransactionId.make(state.txnId)
      const refund_id = RefundId.make(state.refundId)
      const event_type = "payment.refunded" as const
      return [
        message(Topics.paymentRefunded, { event_id, event_type, timestamp, order_id, txn_id, refund_id, amount }, cause)
      ]
    }
    default:
      return []
  }
}
