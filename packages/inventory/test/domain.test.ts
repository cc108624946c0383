import type { ItemId, OrderId } from "@flowforge/contracts"
import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import * as fc from "fast-check"
import { allocate, type Demand, demandOf } from "../src/domain.ts"

const item = (id: number) => id as ItemId
const order = (id: string) => id as OrderId
const demand = (id: string, lines: Record<number, number>): Demand => ({
  orderId: order(id),
  lines: Object.entries(lines).map(([item_id, quantity]) => ({ item_id: item(Number(item_id)), quantity }))
})

const stock = fc.dictionary(fc.integer({ min: 1, max: 5 }).map(String), fc.integer({ min: 0, max: 20 }))
const demands = fc
  .array(
    fc.dictionary(fc.integer({ min: 1, max: 6 }).map(String), fc.integer({ min: 1, max: 8 }), {
      minKeys: 1,
      maxKeys: 4
    }),
    { maxLength: 20 }
  )
  .map((orders) => orders.map((lines, index) => demand(String(index), lines)))
const situation = fc.record({
  available: stock.map((counts) => new Map(Object.entries(counts).map(([id, count]) => [item(Number(id)), count]))),
  demands
})

describe("allocate", () => {
  it("serves orders in the order of arrival until the item is sold out", () => {
    const { outcomes, soldOut, taken } = allocate(new Map([[item(1), 3]]), [
      demand("a", { 1: 2 }),
      demand("b", { 1: 2 }),
      demand("c", { 1: 1 })
    ])
    assert.deepStrictEqual(
      outcomes.map((outcome) => outcome._tag),
      ["Reserved", "Rejected", "Reserved"]
    )
    assert.deepStrictEqual([...taken], [[item(1), 3]])
    assert.deepStrictEqual(soldOut, [item(1)])
  })

  it("names every line that could not be had, with what there was; an unknown item has nothing", () => {
    const { outcomes, taken } = allocate(new Map([[item(1), 3]]), [demand("a", { 1: 4, 9: 1 })])
    assert.deepStrictEqual(outcomes[0]?._tag === "Rejected" && outcomes[0].shortages, [
      { item_id: item(1), requested: 4, available: 3 },
      { item_id: item(9), requested: 1, available: 0 }
    ])
    assert.strictEqual(taken.size, 0)
  })

  it("never takes more of an item than there is, and takes exactly what the reserved orders ask for", () => {
    fc.assert(
      fc.property(situation, ({ available, demands }) => {
        const { outcomes, taken } = allocate(available, demands)
        const asked = new Map<ItemId, number>()
        for (const outcome of outcomes) {
          if (outcome._tag === "Rejected") continue
          for (const line of outcome.demand.lines) {
            asked.set(line.item_id, (asked.get(line.item_id) ?? 0) + line.quantity)
          }
        }
        assert.deepStrictEqual(taken, asked)
        for (const [id, quantity] of taken) assert.isAtMost(quantity, available.get(id) ?? 0)
      })
    )
  })

  it("answers every demand in its place, and rejects one only for what those before it have left", () => {
    fc.assert(
      fc.property(situation, ({ available, demands }) => {
        const { outcomes } = allocate(available, demands)
        assert.deepStrictEqual(
          outcomes.map((outcome) => outcome.demand),
          demands
        )
        const left = new Map(available)
        for (const outcome of outcomes) {
          const fits = outcome.demand.lines.every((line) => (left.get(line.item_id) ?? 0) >= line.quantity)
          assert.strictEqual(outcome._tag, fits ? "Reserved" : "Rejected")
          if (!fits) continue
          for (const line of outcome.demand.lines) {
            left.set(line.item_id, (left.get(line.item_id) ?? 0) - line.quantity)
          }
        }
      })
    )
  })
})

describe("demandOf", () => {
  const paid = (items: ReadonlyArray<[number, number]>) =>
    demandOf({ order_id: order("A"), items: items.map(([id, quantity]) => ({ item_id: item(id), quantity })) })

  it("adds up the lines of one item", () => {
    assert.deepStrictEqual(
      paid([
        [1, 2],
        [2, 1],
        [1, 3]
      ]),
      Result.succeed(demand("a", { 1: 5, 2: 1 }))
    )
  })

  const impossible: ReadonlyArray<[string, ReadonlyArray<[number, number]>]> = [
    ["no lines", []],
    ["nothing of an item", [[1, 0]]],
    [
      "less than nothing of an item, even beside more of it",
      [
        [1, 5],
        [1, -1]
      ]
    ],
    [
      "more of an item than can be counted",
      [
        [1, 2_147_483_647],
        [1, 1]
      ]
    ]
  ]
  for (const [what, items] of impossible) {
    it(`refuses ${what}`, () => assert.isTrue(Result.isFailure(paid(items))))
  }
})
