import { Metric } from "effect"
import type { PaymentState } from "./domain.ts"

const payments = Metric.counter("flowforge_payments_total", {
  description: "Payments by the state they reached",
  incremental: true
})

const byState = new Map<string, ReturnType<typeof make>>()
const make = (state: string) => Metric.withAttributes(payments, { state })

/** The counter of a state. */
export const reached = (state: PaymentState["_tag"]) => {
  let found = byState.get(state)
  if (found === undefined) {
    found = make(state)
    byState.set(state, found)
  }
  return found
}

export const owed = Metric.gauge("flowforge_compensations_unfinished", {
  description: "Payments that owe the gateway a void or a refund"
})
