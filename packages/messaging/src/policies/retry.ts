import { Duration } from "effect"
import type { Failure } from "./failure.ts"
import type { DeliveryPolicy } from "./policy.ts"

/**
 * Whether to try again in place, at once. Only what a lost connection or a deadlock may have caused: no retry helps the
 * impossible, a dependency wants time, what was cut off after its budget has had its time, and what another attempt has
 * in hand is not done sooner for it.
 */
export const isWorthAnotherAtOnce = (failure: Failure, attempts: number, policy: DeliveryPolicy): boolean =>
  failure.kind === "retryable" &&
  failure.withinMillis === undefined &&
  attempts < Math.min(policy.immediateAttempts, policy.maxAttempts)

/** Whether an event that failed is given up: no retry can help it, or none is left. Else it is parked. */
export const isGivenUp = (failure: Failure, attempts: number, policy: DeliveryPolicy): boolean =>
  failure.kind === "impossible" || attempts >= policy.maxAttempts

/**
 * Exponential backoff with full jitter: how long to wait before the next attempt, when `attempts` have failed, the last
 * one with this failure. `random` is from 0 (included) to 1 (excluded).
 */
export const backoffMillis = (
  { withinMillis = Infinity }: Failure,
  attempts: number,
  backoff: DeliveryPolicy["backoff"],
  random: number
): number => {
  const base = Duration.toMillis(Duration.fromInputUnsafe(backoff.base))
  const cap = Duration.toMillis(Duration.fromInputUnsafe(backoff.cap))
  return Math.min(
    Math.max(0, Math.ceil(withinMillis)),
    Math.floor(random * Math.min(cap, base * 2 ** Math.max(0, attempts - 1)))
  )
}
