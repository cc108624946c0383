import { assert, describe, it } from "@effect/vitest"
import { OrderId } from "@flowforge/contracts"
import { afterLook, noPressure } from "../src/intake/overload.ts"
import { idAt } from "../src/order-ids.ts"

const MAY_BE_LATE = 2_000
const FOLLOWED = 20
const LOOK_MILLIS = 250
/** An order is late from the fourth look on. */
const LOOKS_UNTIL_LATE = 4
const START = Date.UTC(2026, 0)

interface World {
  /** Orders that arrive between two looks. */
  readonly arrive: number
  /** Orders that come to their end before this look: those of a whole batch, or none. */
  readonly done: number
}

/** Looks at a pile, first in first out, that takes what arrives unless it is refused; answers the pile after each look. */
const simulate = (pile: number, looks: number, world: (look: number) => World) => {
  let first = 0
  const arrivedUntil = [pile]
  let pressure = noPressure
  const seen: Array<{ readonly pile: number; readonly isOverload: boolean }> = []
  for (let n = 0; n < looks; n++) {
    const { arrive, done } = world(n)
    const last = arrivedUntil[0]! + (pressure.isOverload ? 0 : arrive)
    arrivedUntil.unshift(last)
    first = Math.min(last, first + done)
    const late = Math.max(0, (arrivedUntil[LOOKS_UNTIL_LATE] ?? pile) - first)
    const oldest = Array.from({ length: Math.min(FOLLOWED, late) }, (_, i) => idOf(first + i))
    const stillOpen = pressure.followed.filter((id) => numbers.get(id)! >= first).length
    pressure = afterLook(pressure, { now: START + n * LOOK_MILLIS, late, oldest, stillOpen }, MAY_BE_LATE)
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
    const seen = simulate(0, 400, (n) => ({ arrive: 750, done: inBatches(n, 1_000) }))
    const settled = seen.slice(20)
    assert.isTrue(settled.every(({ pile }) => pile > 0 && pile <= 4 * MAY_BE_LATE))
    assert.isTrue(settled.some(({ isOverload }) => isOverload))
  })

  it("is none while what arrives can be done, however late orders are after an outage", () => {
    const seen = simulate(50_000, 1_000, (n) => ({ arrive: 125, done: inBatches(n, 1_000) }))
    assert.isFalse(seen.some(({ isOverload }) => isOverload))
    assert.isAtMost(seen.at(-1)!.pile, 1_000)
  })

  it("is none while nothing ends: what arrives during an outage is taken", () => {
    const seen = simulate(0, 100, (n) => ({ arrive: 200, done: n < 10 ? 200 : 0 }))
    assert.isFalse(seen.some(({ isOverload }) => isOverload))
    assert.strictEqual(seen.at(-1)!.pile, 90 * 200)
  })

  it("that turns into an outage closes the intake for five seconds more at most", () => {
    const seen = simulate(0, 100, (n) => ({ arrive: 750, done: n < 40 ? inBatches(n, 1_000) : 0 }))
    assert.isTrue(seen.slice(36, 44).some(({ isOverload }) => isOverload))
    assert.isTrue(seen.slice(41 + 5_000 / LOOK_MILLIS).every(({ isOverload }) => !isOverload))
  })

  it("is believed at once where orders ended until the pile came, though none ends any more for a while", () => {
    const seen = simulate(0, 24, (n) => (n < 8 ? { arrive: 200, done: 200 } : { arrive: 750, done: 0 }))
    const begun = seen.findIndex(({ isOverload }) => isOverload)
    assert.isTrue(begun > 8 && begun <= 8 + LOOKS_UNTIL_LATE + MAY_BE_LATE / 750 + 1, `at look ${begun}`)
    assert.strictEqual(seen.at(-1)!.pile, seen[begun]!.pile)
  })

  it("is none after an outage whose pile can be done, however much it grew meanwhile", () => {
    const seen = simulate(0, 600, (n) => ({ arrive: 125, done: n < 40 ? 125 : n < 100 ? 0 : inBatches(n, 1_000) }))
    assert.isTrue(seen[99]!.pile > 3 * MAY_BE_LATE)
    assert.isFalse(seen.some(({ isOverload }) => isOverload))
    assert.isAtMost(seen.at(-1)!.pile, 1_000)
  })

  it("is none in a process that starts during an outage", () => {
    const seen = simulate(50_000, 100, () => ({ arrive: 200, done: 0 }))
    assert.isFalse(seen.some(({ isOverload }) => isOverload))
  })

  it("is over when the pile is gone", () => {
    const seen = simulate(0, 200, (n) => ({ arrive: n < 40 ? 750 : 20, done: inBatches(n, 1_000) }))
    assert.isTrue(seen.slice(0, 40).some(({ isOverload }) => isOverload))
    assert.isFalse(seen.at(-1)!.isOverload)
  })
})
