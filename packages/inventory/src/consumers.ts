import { Topics } from "@flowforge/contracts"
import { Consumer } from "@flowforge/messaging"
import { Reservations } from "./reservations.ts"

/** What the inventory service listens to: the step and the way back, each a batch in one transaction. */
export const entries = [
  Consumer.inDatabase(Topics.paymentSucceeded, {
    handle: (deliveries) => Reservations.use((reservations) => reservations.reserve(deliveries))
  }),
  Consumer.inDatabase(Topics.orderCancelled, {
    handle: (deliveries) =>
      Reservations.use((reservations) => reservations.release(deliveries.map(({ event }) => event.order_id)))
  })
] as const
