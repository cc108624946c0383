import type { OrderId } from "@flowforge/contracts"

/** What a look at the orders without an end saw. */
export interface Look {
  /** Milliseconds of a clock that never goes back. */
  readonly now: number
  /** How many have waited longer than an order should. */
  readonly late: number
  /** Some of the oldest. */
  readonly oldest: ReadonlyArray<OrderId>
  /** How many of the followed ones have no end yet. */
  readonly stillOpen: number
}

/** What is known between two looks. */
export interface Pressure {
  /** Late orders that are followed until half of them have ended, and how many were late when that began. */
  readonly followed: ReadonlyArray<OrderId>
  readonly lateThen: number
  /** When half of the followed ones were last seen to have ended: by the same clock. */
  readonly endedAt: number
  readonly isOverload: boolean
}

export const noPressure: Pressure = { followed: [], lateThen: 0, endedAt: Number.NEGATIVE_INFINITY, isOverload: false }

/** Ends come in bursts, a batch at a time; after so long without one nothing ends: milliseconds. */
const LONGEST_PAUSE = 5_000
/** A pile that comes so soon after an end is not one of an outage, which needs longer to heap it up: milliseconds. */
const SOON = 2_000

/**
 * Overload is a pile of late orders that grows although orders come to their end: more arrive than can be done, and
 * taking still more only makes everybody wait. It is over when the pile is gone. A pile while none ends is an outage (the
 * broker or the payment company is away): what arrives then is taken, and done later.
 *
 * Whether orders end is known before there is a pile, so that one that comes fast is believed at once: under it everything
 * is slow, the ends that would prove it as well.
 */
export const afterLook = (before: Pressure, look: Look, mayBeLate: number): Pressure => {
  const { late, now, oldest, stillOpen } = look
  const haveEnded = stillOpen * 2 <= before.followed.length
  const sinceEnd = now - before.endedAt
  const comesFast = before.lateThen * 2 <= mayBeLate && sinceEnd <= SOON
  const grows = late > before.lateThen && (haveEnded || comesFast)
  const isOverload = late > mayBeLate && sinceEnd <= LONGEST_PAUSE && (before.isOverload || grows)
  return haveEnded ? { followed: oldest, lateThen: late, endedAt: now, isOverload } : { ...before, isOverload }
}
