/** One order as a customer would place it, and what may become of it. */
export interface Intention {
  readonly userId: string
  readonly items: ReadonlyArray<{ readonly item_id: number; readonly quantity: number }>
  readonly token: string
  /** Changes their mind as soon as the order is placed. */
  readonly cancels: boolean
  /** Presses the button twice: the same request again, with the same Idempotency-Key. */
  readonly repeats: boolean
}

export interface Shelf {
  readonly itemId: number
  readonly available: number
}

const USERS = 100
const userId = (number: number): string => `00000000-0000-7000-8000-${String(number).padStart(12, "0")}`

/** A small generator of numbers from 0 to 1 that gives the same row for the same seed (mulberry32). */
const seeded = (seed: number) => (): number => {
  seed = (seed + 0x6d2b79f5) | 0
  let t = Math.imul(seed ^ (seed >>> 15), 1 | seed)
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296
}

/**
 * A few hundred orders in the order they arrive: mostly ordinary ones, some declined cards, a rush on one hot item that
 * has pieces for half of those who want one, some who cancel at once, some who press twice.
 */
export const planDemo = (shelves: ReadonlyArray<Shelf>, hot: Shelf, seed = 20261123): ReadonlyArray<Intention> => {
  const random = seeded(seed)
  const pick = <A>(from: ReadonlyArray<A>): A => from[Math.floor(random() * from.length)]!
  const plenty = shelves.filter((shelf) => shelf.available >= 1000)
  const basket = () => {
    const lines = new Map<number, number>()
    for (let line = 0; line < 1 + Math.floor(random() * 4); line++) {
      lines.set(pick(plenty).itemId, 1 + Math.floor(random() * 3))
    }
    return [...lines].map(([item_id, quantity]) => ({ item_id, quantity }))
  }
  const intention = (change: Partial<Intention>): Intention => ({
    userId: userId(1 + Math.floor(random() * USERS)),
    items: basket(),
    token: "tok_ok",
    cancels: false,
    repeats: false,
    ...change
  })
  const many = (count: number, change: () => Partial<Intention>) =>
    Array.from({ length: count }, () => intention(change()))
  const all = [
    ...many(240, () => ({})),
    ...many(18, () => ({ token: "tok_declined" })),
    ...many(12, () => ({ token: "tok_insufficient_funds" })),
    ...many(2 * hot.available, () => ({ items: [{ item_id: hot.itemId, quantity: 1 }] })),
    ...many(20, () => ({ cancels: true })),
    ...many(20, () => ({ repeats: true }))
  ]
  for (let i = all.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1))
    ;[all[i], all[j]] = [all[j]!, all[i]!]
  }
  return all
}
