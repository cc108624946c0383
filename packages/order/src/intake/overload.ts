import type { OrderId } from "@flowforge/contracts"

/** What a look at the orders without an end saw. */
export interface Look {
  /** How many have waited longer than an order should. */
  readonly late: number
  /** Some of the oldest. */
  readonly oldest: ReadonlyArray<OrderId>
  /** Of those that the look before saw, how many have no end yet. */
  readonly stillOpen: number
}

/** What the look before has left. */
export interface Pressure {
  readonly late: number
  readonly oldest: ReadonlyArray<OrderId>
  readonly isOverload: boolean
}

export const noPressure: Pressure = { late: 0, oldest: [], isOverload: false }

/**
 * Overload is a pile of late orders that grows although orders come to their end: more arrive than can be done, and
 * taking still more only makes everybody wait. It is over when the pile is gone. A pile while none ends is an outage (the
 * broker or the payment company is away): what arrives then is taken, and done later.
 */
export const afterLook = (before: Pressure, look: Look, mayBeLate: number): Pressure => {
  const { late, oldest } = look
  const someEnd = before.oldest.length > 0 && look.stillOpen * 2 <= before.oldest.length
  const isOverload = late > mayBeLate && someEnd && (before.isOverload || late > before.late)
  return { late, oldest, isOverload }
}
