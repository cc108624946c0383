import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import type { Rung } from "./rung.ts"

const USUAL_ITEMS = 50
/** Ids from here on are the bench's own, so that no other order touches their stock. */
let nextItem = 900_001

/** Items that one round alone sells: the audit holds each one's stock against its reservations afterwards. */
export interface Shelves {
  readonly usual: ReadonlyArray<number>
  readonly soldOut: number
  readonly hot: number
}

/** Puts new items on the shelves: plenty of the usual ones, none of one, and of the hot one as many as `hotStock`. */
export const fillShelves = Effect.fnUntraced(function* (hotStock: number) {
  const sql = yield* SqlClient.SqlClient
  const usual = Array.from({ length: USUAL_ITEMS }, () => nextItem++)
  const shelves: Shelves = { usual, soldOut: nextItem++, hot: nextItem++ }
  const items = [...usual, shelves.soldOut, shelves.hot]
  const stock = [...usual.map(() => 100_000_000), 0, hotStock]
  yield* sql`INSERT INTO items (id, name, price, initial, available)
    SELECT id, 'Bench ' || id, 1999, stock, stock FROM unnest(${items}::int[], ${stock}::int[]) AS t (id, stock)`
  return shelves
})

/** 3% of the cards are declined (decided by the order) and 2% of the orders are out of stock. */
const usual = { soldOutEvery: 50, token: "tok_load", connections: 256 } as const

export const steady =
  (what: string) =>
  (rate: number, seconds: number): Rung => ({ ...usual, name: `${what}, ${rate}/s`, rate, seconds, sells: "usual" })

/** On a system that keeps receipts and mails. */
export const fullChain = steady("full chain")

/** On one whose receipts and mails go nowhere. */
export const toTerminal = steady("to terminal")

/** Before anything is measured: code that has never run is compiled first, and pools are filled. Counts for nothing. */
export const warmUp: Rung = { ...steady("warm-up")(300, 8), connections: 64 }

/** Stock for half of the orders. */
export const hotItem = (rate: number, seconds: number): Rung => ({
  ...usual,
  name: `one hot item, ${rate}/s`,
  rate,
  seconds,
  sells: "hot",
  soldOutEvery: 0,
  token: "tok_ok"
})

/** Far more than can be done, with connections for all who wait. */
export const overload = (rate: number, seconds: number): Rung => ({
  ...steady("overload")(rate, seconds),
  connections: 2_000
})
