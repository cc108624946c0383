import { assert, describe, it } from "@effect/vitest"
import { OrderId } from "@flowforge/contracts"
import { idAt } from "../src/order-ids.ts"
import { afterLook, noPressure, type Pressure } from "../src/intake/overload.ts"

const MAY_BE_LATE = 100
const FOLLOWED = 20

const LOOK_MILLIS = 250

interface World {
  /** Orders that arrive between two looks. */
  readonly arrive: number
  /** Orders that come to their end before this look: those of a whole batch, or none. */
  readonly done: number
}

/** Looks at a pile, first in first out, that takes what arrives unless it is refused; answers the pile after each look. */
const simulate = (pile: number, looks: number, world: (look: number) => World) => {
  let first = 0
  let last = pile
  let pressure: Pressure = noPressure
  const seen: Array<{ readonly pile: number; readonly isOverload: boolean }> = []
  for (let n = 0; n < looks; n++) {
    const { arrive, done } = world(n)
    if (!pressure.isOverload) last += arrive
    first = Math.min(last, first + done)
    const open = (id: OrderId) => numbers.get(id)! >= first
    const oldest = Array.from({ length: Math.min(FOLLOWED, last - first) }, (_, i) => idOf(first + i))
    const stillOpen = pressure.followed.filter(open).length
    pressure = afterLook(pressure, { now: n * LOOK_MILLIS, late: last - first, oldest, stillOpen }, MAY_BE_LATE)
    seen.push({ pile: last - first, isOverload: pressure.isOverload })
  }
  return seen
}

/** A batch ends at every fourth look. */
const inBatches = (n: number, size: number): number => (n % 4 === 3 ? size : 0)

const numbers = new Map<OrderId, number>()
const idOf = (n: number): OrderId => {
  const id = OrderId.make(idAt(n))
  numbers.set(id, n)
  return id
}

describe("overload", () => {
  it("is a pile that grows while orders end: it is kept near its bound, and those who work are never idle", () => {
    const seen = simulate(0, 400, (n) => ({ arrive: 75, done: inBatches(n, 100) }))
    const settled = seen.slice(20)
    assert.isTrue(settled.every(({ pile }) => pile > 0 && pile <= 12 * 75))
    assert.isTrue(settled.some(({ isOverload }) => isOverload))
  })

  it("is none while what arrives can be done, however late orders are after an outage", () => {
    const seen = simulate(5_000, 1_000, (n) => ({ arrive: 12, done: inBatches(n, 100) }))
    assert.isFalse(seen.some(({ isOverload }) => isOverload))
    assert.isAtMost(seen.at(-1)!.pile, 100)
  })

  it("is none while nothing ends: what arrives during an outage is taken", () => {
    const seen = simulate(0, 100, (n) => ({ arrive: 50, done: n < 10 ? 50 : 0 }))
    assert.isFalse(seen.some(({ isOverload }) => isOverload))
    assert.strictEqual(seen.at(-1)!.pile, 90 * 50)
  })

  it("that turns into an outage closes the intake for five seconds more at most", () => {
    const seen = simulate(0, 100, (n) => ({ arrive: 75, done: n < 40 ? inBatches(n, 100) : 0 }))
    assert.isTrue(seen[39]!.isOverload)
    assert.isTrue(seen.slice(40 + 5_000 / LOOK_MILLIS).every(({ isOverload }) => !isOverload))
  })

  it("is over when the pile is gone", () => {
    const seen = simulate(0, 200, (n) => ({ arrive: n < 40 ? 75 : 2, done: inBatches(n, 100) }))
    assert.isTrue(seen.slice(0, 40).some(({ isOverload }) => isOverload))
    assert.isFalse(seen.at(-1)!.isOverload)
  })
})
