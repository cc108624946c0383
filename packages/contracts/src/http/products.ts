import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, OpenApi } from "effect/http-api"
import { ItemId } from "../ids.ts"
import { Money } from "../money.ts"
import { InsufficientStock, InvalidRequest, ItemNotFound, Unavailable } from "./problems.ts"

const ItemIdParam = Schema.FiniteFromString.pipe(Schema.decodeTo(ItemId))

export const Product = Schema.Struct({
  item_id: ItemId,
  name: Schema.String,
  price: Money,
  available: Schema.Int
})

export const Availability = Schema.Struct({ item_id: ItemId, available: Schema.Int })

/** Answered by the inventory service, on the public port. */
export class ProductsApi extends HttpApiGroup.make("products")
  .add(
    HttpApiEndpoint.get("list", "/products", {
      query: {
        limit: Schema.optionalKey(
          Schema.FiniteFromString.check(Schema.isInt(), Schema.isBetween({ minimum: 1, maximum: 100 }))
        ),
        cursor: Schema.optionalKey(Schema.String)
      },
      success: Schema.Struct({ products: Schema.Array(Product), next_cursor: Schema.optionalKey(Schema.String) }),
      error: [InvalidRequest, Unavailable]
    }).annotate(OpenApi.Summary, "The catalogue, by item id"),
    HttpApiEndpoint.get("availability", "/products/:item_id/availability", {
      params: { item_id: ItemIdParam },
      success: Availability,
      error: [InvalidRequest, ItemNotFound, Unavailable]
    }).annotate(OpenApi.Summary, "How many of an item can be had"),
    HttpApiEndpoint.post("availabilityOfMany", "/products/availability", {
      payload: Schema.Struct({
        item_ids: Schema.Array(ItemId).check(Schema.isBetweenLength(1, 100, { message: "must have 1 to 100 ids" }))
      }),
      success: Schema.Struct({
        items: Schema.Array(Availability),
        unknown_item_ids: Schema.Array(Schema.Int)
      }),
      error: [InvalidRequest, Unavailable]
    }).annotate(OpenApi.Summary, "How many of up to 100 items can be had")
  )
  .annotate(OpenApi.Description, "The catalogue and its stock") {}

/** Answered by the inventory service, on the management port. */
export class StockApi extends HttpApiGroup.make("stock").add(
  HttpApiEndpoint.post("adjust", "/products/:item_id/adjust", {
    params: { item_id: ItemIdParam },
    payload: Schema.Struct({
      delta: Schema.Number.check(
        Schema.isInt({ message: "must be a whole number" }),
        Schema.isBetween({ minimum: -1_000_000, maximum: 1_000_000 }),
        Schema.makeFilter((delta: number) => (delta === 0 ? "must not be zero" : undefined))
      ),
      reason: Schema.String.check(
        Schema.isBetweenLength(1, 200),
        Schema.makeFilter((text: string) => (text.includes("\u0000") ? "must not contain U+0000" : undefined))
      )
    }),
    success: Schema.Struct({ item_id: ItemId, delta: Schema.Int, available: Schema.Int }),
    error: [InvalidRequest, ItemNotFound, InsufficientStock, Unavailable]
  }).annotate(OpenApi.Summary, "Count stock up or down")
) {}
