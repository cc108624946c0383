import { Duration } from "effect"

/** How deliveries of one topic are retried. Attempts count every execution of the handler. */
export interface DeliveryPolicy {
  /** Executions in place, one after another, before an event is parked. */
  readonly immediateAttempts: number
  /** How long one call (or one transaction of a single event) may take before the event is parked, its outcome unknown. */
  readonly inlineBudget: Duration.Input
  /** Executions altogether; after the last one the event is a dead letter. */
  readonly maxAttempts: number
  /** Parked retries wait a random time up to min(`cap`, `base` × 2^n). */
  readonly backoff: { readonly base: Duration.Input; readonly cap: Duration.Input }
}

export const defaultPolicy: DeliveryPolicy = {
  immediateAttempts: 2,
  inlineBudget: Duration.millis(250),
  maxAttempts: 10,
  backoff: { base: Duration.seconds(1), cap: Duration.minutes(5) }
}
