import { Effect, Metric } from "effect"
import type { PaymentState } from "./domain.ts"

const payments = Metric.counter("flowforge_payments_total", {
  description: "Payments by the state they reached",
  incremental: true
})

const byState = new Map<string, ReturnType<typeof make>>()
const make = (state: string) => Metric.withAttributes(payments, { outcome: state })

/** The counter of a state. */
export const reached = (state: PaymentState["_tag"]) => {
  let found = byState.get(state)
  if (found === undefined) {
    found = make(state)
    byState.set(state, found)
  }
  return found
}

const owedCount = Metric.gauge("flowforge_payments_owed", {
  description: "Payments that wait for the gateway, by what they are: pending, voiding or refunding"
})
const owedAge = Metric.gauge("flowforge_payments_owed_oldest_seconds", {
  description: "Since when the oldest of them waits"
})

/** The gauges of what is owed to the gateway, for each state. */
export const owed = (["pending", "voiding", "refunding"] as const).map((status) => ({
  status,
  count: Metric.withAttributes(owedCount, { status }),
  oldestSeconds: Metric.withAttributes(owedAge, { status })
}))

const durations = Metric.histogram("flowforge_gateway_call_duration_seconds", {
  description: "Time of a call to the payment gateway, by operation and whether it answered",
  boundaries: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5]
})

/** Measures a call to the gateway. */
export const measured = (operation: "capture" | "void" | "refund" | "find") => {
  const answered = Metric.withAttributes(durations, { operation, outcome: "answered" })
  const failed = Metric.withAttributes(durations, { operation, outcome: "failed" })
  return <A, E, R>(call: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.clockWith((clock) => {
      const start = clock.currentTimeMillisUnsafe()
      return Effect.onExit(call, (exit) =>
        Metric.update(exit._tag === "Success" ? answered : failed, (clock.currentTimeMillisUnsafe() - start) / 1_000)
      )
    })
}
