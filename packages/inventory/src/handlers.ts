import { InvalidRequest, type ItemId, ItemNotFound, ManagementApi, PublicApi } from "@flowforge/contracts"
import { Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { Availability } from "./availability.ts"
import { Products } from "./products.ts"

const MAX_ITEM_ID = 2_147_483_647

const encodeCursor = (id: ItemId): string => Buffer.from(String(id)).toString("base64url")
const decodeCursor = (cursor: string): Effect.Effect<number, InvalidRequest> => {
  const text = Buffer.from(cursor, "base64url").toString()
  return /^[1-9]\d{0,9}$/u.test(text) && Number(text) <= MAX_ITEM_ID
    ? Effect.succeed(Number(text))
    : Effect.fail(
        new InvalidRequest({ errors: [{ field: "cursor", message: "must be a next_cursor that was answered" }] })
      )
}

export const layerProducts = HttpApiBuilder.group(
  PublicApi,
  "products",
  Effect.fnUntraced(function* (handlers) {
    const products = yield* Products
    const availability = yield* Availability
    return handlers
      .handle(
        "list",
        Effect.fnUntraced(
          function* ({ query }) {
            const after = query.cursor === undefined ? undefined : yield* decodeCursor(query.cursor)
            const { items, next } = yield* products.page({ after, limit: query.limit })
            return {
              products: items.map(({ available, id, name, price }) => ({ item_id: id, name, price, available })),
              ...(next === undefined ? {} : { next_cursor: encodeCursor(next) })
            }
          },
          Effect.catchTag("SqlError", Effect.die)
        )
      )
      .handle(
        "availability",
        Effect.fnUntraced(
          function* ({ params: { item_id } }) {
            const available = (yield* availability.of([item_id])).get(item_id)
            return available === undefined ? yield* new ItemNotFound({ item_ids: [item_id] }) : { item_id, available }
          },
          Effect.catchTag("SqlError", Effect.die)
        )
      )
      .handle(
        "availabilityOfMany",
        Effect.fnUntraced(
          function* ({ payload }) {
            const ids = [...new Set(payload.item_ids)]
            const known = yield* availability.of(ids)
            return {
              items: ids.flatMap((item_id) => {
                const available = known.get(item_id)
                return available === undefined ? [] : [{ item_id, available }]
              }),
              unknown_item_ids: ids.filter((id) => !known.has(id))
            }
          },
          Effect.catchTag("SqlError", Effect.die)
        )
      )
  })
)

export const layerStock = HttpApiBuilder.group(
  ManagementApi,
  "stock",
  Effect.fnUntraced(function* (handlers) {
    const products = yield* Products
    return handlers.handle(
      "adjust",
      Effect.fnUntraced(
        function* ({ params: { item_id }, payload }) {
          const available = yield* products.adjust(item_id, payload)
          return { item_id, delta: payload.delta, available }
        },
        Effect.catchTag("SqlError", Effect.die)
      )
    )
  })
)
