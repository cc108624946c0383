import { Topics } from "@flowforge/contracts"
import { Consumer } from "@flowforge/messaging"
import { Settlements } from "./settlements.ts"

/** What the order service listens to; each a batch in one transaction. */
export const entries = [
  Consumer.inDatabase(Topics.inventoryReserved, {
    handle: (deliveries) => Settlements.use((settlements) => settlements.confirm(deliveries))
  }),
  Consumer.inDatabase(Topics.paymentFailed, {
    handle: (deliveries) => Settlements.use((settlements) => settlements.cancelUnpaid(deliveries))
  }),
  Consumer.inDatabase(Topics.inventoryFailed, {
    handle: (deliveries) => Settlements.use((settlements) => settlements.cancelOutOfStock(deliveries))
  }),
  Consumer.inDatabase(Topics.paymentRefunded, {
    handle: (deliveries) => Settlements.use((settlements) => settlements.recordRefunds(deliveries))
  })
] as const
