import { Metric } from "effect"

const reservations = Metric.counter("flowforge_reservations_total", {
  description: "Orders whose stock was decided, by outcome: reserved or rejected",
  incremental: true
})

export const reserved = Metric.withAttributes(reservations, { outcome: "reserved" })
export const rejected = Metric.withAttributes(reservations, { outcome: "rejected" })

/** How often an order took the last piece of an item. */
export const soldOut = Metric.counter("flowforge_item_sell_outs_total", {
  description: "How often an order took the last piece of an item",
  incremental: true
})
