import { Metric } from "effect"

const orders = Metric.counter("flowforge_orders_total", {
  description: "Orders by the state they reached, with the reason of a cancellation",
  incremental: true
})
const durations = Metric.histogram("flowforge_order_duration_seconds", {
  description: "Time from an order's acceptance to a state",
  boundaries: [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 300]
})

export const accepted = Metric.withAttributes(orders, { state: "PENDING", reason: "" })

/** Counter and latency of a final state. */
export const reached = (state: "CONFIRMED" | "CANCELLED", reason = "") => ({
  count: Metric.withAttributes(orders, { state, reason }),
  duration: Metric.withAttributes(durations, { state })
})

export const intakeBatch = Metric.histogram("flowforge_intake_batch_size_orders", {
  description: "Orders inserted together",
  boundaries: [1, 2, 5, 10, 20, 50, 100, 200, 500]
})
export const intakeQueue = Metric.gauge("flowforge_intake_queue_requests", {
  description: "Requests that wait for their insert"
})

const refusals = Metric.counter("flowforge_intake_refused_total", {
  description: "Requests refused by a bound: queue (429), open_orders or overload (503)",
  incremental: true
})
export const refusedByQueue = Metric.withAttributes(refusals, { bound: "queue" })
export const refusedByOpenOrders = Metric.withAttributes(refusals, { bound: "open_orders" })
export const refusedByOverload = Metric.withAttributes(refusals, { bound: "overload" })
