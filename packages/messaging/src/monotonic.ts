import type { Clock } from "effect"

/**
 * Milliseconds of a clock that never goes back: for how long something takes. The time of day may be set, and is for what
 * is stored or compared with it.
 */
export const monotonicMillis = (clock: Clock.Clock): number => Number(clock.monotonicTimeNanosUnsafe() / 1000n) / 1000
