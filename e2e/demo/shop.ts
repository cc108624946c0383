import { Clock, Console, Effect, Schema } from "effect"
import { FlowForge } from "../system/client.ts"
import { patiently } from "../system/patience.ts"
import { piecesEach, type Shop } from "./plan.ts"

/** The demo cannot be given in this shop. `message` says why. */
export class ShopUnfit extends Schema.TaggedError<ShopUnfit>()("ShopUnfit", { message: Schema.String }) {}

/** Of an item with this many pieces the demo's customers never take all; one with fewer is scarce. */
const PLENTY = 50_000
const MOST_SCARCE_ITEMS = 6
const FEWEST_PLENTY = 10
const MOST_COUNTS = 10
/** How long orders of before, of a demo that was stopped, say, may take to their end. */
const QUIET_PATIENCE_MILLIS = 30_000

/** Reads the catalogue and counts a few scarce items to a fixed stock, so that every run begins alike. */
export const prepareShop = Effect.fnUntraced(function* (orders: number) {
  yield* untilQuiet
  const products = yield* catalogue
  const plenty = products.filter(({ available }) => available >= PLENTY).map(({ item_id }) => item_id)
  const scarce = products.filter(({ available }) => available < PLENTY).slice(0, MOST_SCARCE_ITEMS)
  if (plenty.length < FEWEST_PLENTY || scarce.length === 0) {
    return yield* new ShopUnfit({
      message: `The demo needs ${FEWEST_PLENTY} items that do not run dry and one that does; this catalogue has ${plenty.length} and ${scarce.length}. Run it on a fresh folder (FLOWFORGE_DATA).`
    })
  }
  const pieces = piecesEach(orders, scarce.length)
  yield* Effect.forEach(scarce, (product) => countTo(product, pieces), { discard: true })
  return { plenty, scarce: scarce.map(({ item_id }) => item_id), piecesEach: pieces } satisfies Shop
})

/** How many of these items there are together. */
export const piecesLeft = Effect.fnUntraced(function* (items: ReadonlyArray<number>) {
  const left = (yield* catalogue).filter(({ item_id }) => items.includes(item_id))
  return left.reduce((sum, { available }) => sum + available, 0)
})

/** What an open order will take from the shelves is not to be foretold. */
const untilQuiet = Effect.gen(function* () {
  const { api } = yield* FlowForge
  const deadline = (yield* Clock.currentTimeMillis) + QUIET_PATIENCE_MILLIS
  const isQuiet = Effect.map(
    patiently(api.orders.list({ query: { status: "PENDING", limit: 1 } })),
    ({ orders }) => orders.length === 0
  )
  if (yield* isQuiet) return
  yield* Console.log("Waiting for orders of before to reach their end …")
  while (!(yield* isQuiet)) {
    if ((yield* Clock.currentTimeMillis) > deadline) {
      return yield* Console.log("Some have not; should they be for the demo's scarce items, it will not add up.")
    }
    yield* Effect.sleep("250 millis")
  }
})

type Product = Effect.Success<typeof catalogue>[number]

const catalogue = Effect.gen(function* () {
  const { api } = yield* FlowForge
  const products = []
  let cursor: string | undefined
  do {
    const page = yield* patiently(
      api.products.list({ query: { limit: 100, ...(cursor === undefined ? {} : { cursor }) } })
    )
    products.push(...page.products)
    cursor = page.next_cursor
  } while (cursor !== undefined)
  return products
})

/** Until the stock is as wanted: an order of somebody else may take a piece in between. */
const countTo = Effect.fnUntraced(function* (product: Product, pieces: number) {
  const { management } = yield* FlowForge
  let { available } = product
  for (let counts = 0; available !== pieces; counts++) {
    if (counts === MOST_COUNTS) {
      return yield* new ShopUnfit({
        message: `Somebody else keeps ordering "${product.name}", so the demo cannot tell what should be left of it. Run it when nobody orders, or on a folder of its own (FLOWFORGE_DATA).`
      })
    }
    const adjusted = yield* management.stock.adjust({
      params: { item_id: product.item_id },
      payload: { delta: pieces - available, reason: "counted for the demo" }
    })
    available = adjusted.available
  }
})
