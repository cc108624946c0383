import type { OrderId } from "@flowforge/contracts"

/** What a look at the orders without an end saw. */
export interface Look {
  /** Milliseconds since 1970. */
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
  /** Until when orders count as coming to their end, unless more is seen to. */
  readonly flowsUntil: number
  readonly isOverload: boolean
}

export const noPressure: Pressure = { followed: [], lateThen: 0, flowsUntil: 0, isOverload: false }

/** Ends come in bursts, a batch at a time; after so long without one nothing ends: milliseconds. */
const LONGEST_PAUSE = 5_000

/**
 * Overload is a pile of late orders that grows although orders come to their end: more arrive than can be done, and
 * taking still more only makes everybody wait. It is over when the pile is gone. A pile while none ends is an outage (the
 * broker or the payment company is away): what arrives then is taken, and done later.
 */
export const afterLook = (before: Pressure, look: Look, mayBeLate: number): Pressure => {
  const { late, now, oldest, stillOpen } = look
  if (late <= mayBeLate) return noPressure
  if (before.followed.length === 0) return { ...noPressure, followed: oldest, lateThen: late }
  const haveEnded = stillOpen * 2 <= before.followed.length
  if (!haveEnded) return { ...before, isOverload: before.isOverload && now < before.flowsUntil }
  return {
    followed: oldest,
    lateThen: late,
    flowsUntil: now + LONGEST_PAUSE,
    isOverload: before.isOverload || late > before.lateThen
  }
}
