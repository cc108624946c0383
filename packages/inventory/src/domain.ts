import { type ItemId, type Line, type OrderId, type PaymentSucceeded } from "@flowforge/contracts"
import { Result } from "effect"

/** What a paid order wants. Each item is named once, with a quantity of at least 1. */
export interface Demand {
  readonly orderId: OrderId
  readonly lines: ReadonlyArray<Line>
}

/** A line that could not be had, with what there was when its turn came. */
export interface Shortage {
  readonly item_id: ItemId
  readonly requested: number
  readonly available: number
}

/** An order gets all of its lines or none. */
export type Outcome =
  | { readonly _tag: "Reserved"; readonly demand: Demand }
  | { readonly _tag: "Rejected"; readonly demand: Demand; readonly shortages: ReadonlyArray<Shortage> }

export interface Allocation {
  /** In the order of the demands. */
  readonly outcomes: ReadonlyArray<Outcome>
  /** How many of each item the reserved orders take together. */
  readonly taken: ReadonlyMap<ItemId, number>
  /** Items of which nothing is left after this. */
  readonly soldOut: ReadonlyArray<ItemId>
}

const MAX_INTEGER = 2_147_483_647

/** The demand of a paid order, lines of one item added up; or why no stock can ever answer it. */
export const demandOf = (paid: Pick<PaymentSucceeded, "order_id" | "items">): Result.Result<Demand, string> => {
  if (paid.items.length === 0) return Result.fail("the order has no lines")
  const quantities = new Map<ItemId, number>()
  for (const line of paid.items) {
    const quantity = (quantities.get(line.item_id) ?? 0) + line.quantity
    // Below 1 it would make stock out of nothing.
    if (line.quantity < 1 || quantity > MAX_INTEGER) {
      return Result.fail(`${line.quantity} of item ${line.item_id} is no quantity`)
    }
    quantities.set(line.item_id, quantity)
  }
  // PostgreSQL answers ids in lower case, and an order must be found again under the id it came with.
  const orderId = paid.order_id.toLowerCase() as OrderId
  return Result.succeed({ orderId, lines: [...quantities].map(([item_id, quantity]) => ({ item_id, quantity })) })
}

/**
 * Gives each demand, in the order of arrival, all of its lines from what is left, or nothing. An order that cannot be
 * served takes nothing from those after it. An item that `stock` does not have is an item with nothing available.
 */
export const allocate = (stock: ReadonlyMap<ItemId, number>, demands: ReadonlyArray<Demand>): Allocation => {
  const left = new Map(stock)
  const taken = new Map<ItemId, number>()
  const outcomes = demands.map((demand): Outcome => {
    const shortages = demand.lines.flatMap((line): ReadonlyArray<Shortage> => {
      const available = left.get(line.item_id) ?? 0
      return available < line.quantity ? [{ item_id: line.item_id, requested: line.quantity, available }] : []
    })
    if (shortages.length > 0) return { _tag: "Rejected", demand, shortages }
    for (const { item_id, quantity } of demand.lines) {
      left.set(item_id, (left.get(item_id) ?? 0) - quantity)
      taken.set(item_id, (taken.get(item_id) ?? 0) + quantity)
    }
    return { _tag: "Reserved", demand }
  })
  return { outcomes, taken, soldOut: [...taken.keys()].filter((id) => left.get(id) === 0) }
}
