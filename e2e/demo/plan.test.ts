import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import { piecesEach, planDemo, type Shop } from "./plan.ts"

const shopOf = (orders: number, scarceItems: number): Shop => ({
  plenty: Array.from({ length: 40 }, (_, n) => n + 1),
  scarce: Array.from({ length: scarceItems }, (_, n) => 101 + n),
  piecesEach: piecesEach(orders, scarceItems)
})

describe("the plan of the demo", () => {
  it("has as many orders as were asked for, of every kind, by known customers", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 50, max: 5_000 }),
        fc.integer({ min: 1, max: 6 }),
        fc.integer(),
        (orders, scarceItems, seed) => {
          const plan = planDemo(orders, shopOf(orders, scarceItems), seed)
          assert.strictEqual(plan.length, orders)
          assert.strictEqual(new Set(plan.map(({ kind }) => kind)).size, 7)
          for (const { items, userId } of plan) {
            assert.match(userId, /^00000000-0000-7000-8000-000000000(?:0(?!00)\d\d|100)$/u)
            assert.isTrue(items.every(({ quantity }) => quantity > 0))
            assert.strictEqual(new Set(items.map(({ item_id }) => item_id)).size, items.length)
          }
        }
      ),
      { numRuns: 30 }
    )
  })

  it("wants exactly twice as many of each scarce item as there are, and touches them in no other way", () => {
    const shop = shopOf(400, 6)
    const plan = planDemo(400, shop)
    for (const item of shop.scarce) {
      const lines = plan.flatMap(({ items, kind }) =>
        items.filter((line) => line.item_id === item).map((line) => ({ kind, ...line }))
      )
      assert.strictEqual(lines.filter(({ kind }) => kind === "rush").length, 2 * shop.piecesEach)
      assert.isTrue(
        lines.every(({ kind, quantity }) =>
          kind === "rush" ? quantity === 1 : kind === "too many" && quantity > shop.piecesEach
        )
      )
    }
  })

  it("is the same each time", () => {
    assert.deepStrictEqual(planDemo(200, shopOf(200, 6)), planDemo(200, shopOf(200, 6)))
  })
})
