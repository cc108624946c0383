import { Duration } from "effect"

/**
 * Full jitter: how long to wait before the next attempt, when `attempts` have failed. `random` is from 0 (included) to
 * 1 (excluded).
 */
export const backoffMillis = (
  attempts: number,
  backoff: { readonly base: Duration.Input; readonly cap: Duration.Input },
  random: number
): number => {
  const base = Duration.toMillis(Duration.fromInputUnsafe(backoff.base))
  const cap = Duration.toMillis(Duration.fromInputUnsafe(backoff.cap))
  return Math.floor(random * Math.min(cap, base * 2 ** Math.max(0, attempts - 1)))
}
