/** What kind of customer places an order, and so what must become of it. */
export type Kind =
  /** Pays and gets it. */
  | "ordinary"
  /** Pays with a card that is declined. */
  | "declined"
  /** Pays with a token that makes the payment company stumble at first: gets it, a little later. */
  | "stumbling"
  /** Wants one of an item that half of those who want it can have. */
  | "rush"
  /** Wants more of a scarce item than there ever is, beside something that there is plenty of. */
  | "too many"
  /** Changes their mind as soon as the order is placed. */
  | "cancels"
  /** Presses the button twice, and again later: the same request with the same Idempotency-Key. */
  | "repeats"

/** One order as a customer would place it. */
export interface Intention {
  readonly kind: Kind
  readonly userId: string
  readonly items: ReadonlyArray<{ readonly item_id: number; readonly quantity: number }>
  readonly token: string
  /** Opens the receipt as a PDF, too. */
  readonly wantsPdf: boolean
}

/** What the shop has: items that will not run dry, and those that will, with how many there are of each. */
export interface Shop {
  readonly plenty: ReadonlyArray<number>
  readonly scarce: ReadonlyArray<number>
  readonly piecesEach: number
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

/** Of how many pieces each scarce item must be, so that twice as many customers make up three tenths of all orders. */
export const piecesEach = (orders: number, scarceItems: number): number =>
  Math.max(1, Math.floor((orders * 0.15) / scarceItems))

/** The orders in the order they arrive: always the same for the same shop, in a mix that can be counted beforehand. */
export const planDemo = (orders: number, shop: Shop, seed = 20261123): ReadonlyArray<Intention> => {
  const random = seeded(seed)
  const pick = <A>(from: ReadonlyArray<A>): A => from[Math.floor(random() * from.length)]!
  const basket = () => {
    const lines = new Map<number, number>()
    const length = 1 + Math.floor(random() * 4)
    while (lines.size < length) lines.set(pick(shop.plenty), 1 + Math.floor(random() * 3))
    return [...lines].map(([item_id, quantity]) => ({ item_id, quantity }))
  }
  const intention = (kind: Kind, change: Partial<Intention> = {}): Intention => ({
    kind,
    userId: userId(1 + Math.floor(random() * USERS)),
    items: basket(),
    token: "tok_ok",
    wantsPdf: false,
    ...change
  })
  const some = (share: number, make: (n: number) => Intention) =>
    Array.from({ length: Math.max(2, Math.round(orders * share)) }, (_, n) => make(n))
  const special = [
    ...some(0.05, () => intention("declined", { token: "tok_declined" })),
    ...some(0.03, () => intention("declined", { token: "tok_insufficient_funds" })),
    ...some(0.01, (n) => intention("stumbling", { token: n % 2 === 0 ? "tok_flaky" : "tok_timeout_after_capture" })),
    ...some(0.03, () => {
      const tooMany = { item_id: pick(shop.scarce), quantity: shop.piecesEach + 1 }
      return intention("too many", { items: [{ item_id: pick(shop.plenty), quantity: 1 }, tooMany] })
    }),
    ...some(0.05, () => intention("cancels")),
    ...some(0.05, () => intention("repeats")),
    ...shop.scarce.flatMap((item_id) =>
      Array.from({ length: 2 * shop.piecesEach }, () => intention("rush", { items: [{ item_id, quantity: 1 }] }))
    )
  ]
  const all = [
    ...special,
    ...Array.from({ length: orders - special.length }, (_, n) => intention("ordinary", { wantsPdf: n % 20 === 0 }))
  ]
  for (let i = all.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1))
    ;[all[i], all[j]] = [all[j]!, all[i]!]
  }
  return all
}
