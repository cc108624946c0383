import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, OpenApi } from "effect/http-api"
import { ItemId } from "../ids.ts"
import { Money } from "../money.ts"
import { ClientText } from "./client-text.ts"
import { documented } from "./openapi.ts"
import { NextCursor, pageParameters, pageQuery } from "./page.ts"
import { InsufficientStock, InvalidRequest, ItemNotFound, Unavailable } from "./problems.ts"

const ItemIdParam = Schema.FiniteFromString.pipe(Schema.decodeTo(ItemId))

const itemParameter = {
  item_id: {
    description: "The item's id in the catalogue.",
    schema: { type: "integer", minimum: 1, maximum: 2_147_483_647 }
  }
}

/** An item of the catalogue and how many can be had. */
export const Product = Schema.Struct({
  item_id: ItemId,
  name: Schema.String,
  price: Money,
  available: Schema.Int
}).annotate({ identifier: "Product" })

/** How many of an item can be had, a few seconds old at most. */
export const Availability = Schema.Struct({ item_id: ItemId, available: Schema.Int }).annotate({
  identifier: "Availability",
  description: "How many can be had, a few seconds old at most"
})

/** A page of the catalogue, by item id. */
export const ProductPage = Schema.Struct({
  products: Schema.Array(Product),
  next_cursor: NextCursor
}).annotate({ identifier: "ProductPage", description: "A page of the catalogue, by item id" })

/** The items that are known, in the order they were asked for, and those that are not. */
export const AvailabilityOfMany = Schema.Struct({
  items: Schema.Array(Availability),
  unknown_item_ids: Schema.Array(Schema.Int)
}).annotate({ identifier: "AvailabilityOfMany", description: "The items that are known, and those that are not" })

/** An item's stock after it was counted up or down. */
export const StockAdjusted = Schema.Struct({
  item_id: ItemId,
  delta: Schema.Int,
  available: Schema.Int
}).annotate({ identifier: "StockAdjusted", description: "The stock after the adjustment" })

/** Answered by the inventory service, on the public port. */
export class ProductsApi extends HttpApiGroup.make("products")
  .add(
    HttpApiEndpoint.get("list", "/products", {
      query: pageQuery,
      success: ProductPage,
      error: [InvalidRequest, Unavailable]
    }).annotateMerge(
      documented({
        summary: "The catalogue, by item id",
        parameters: pageParameters("Mg"),
        answers: {
          200: {
            products: [
              { item_id: 1, name: "Ballpoint pen, blue", price: 1.9, available: 1_000_000 },
              { item_id: 2, name: "Notebook A5, dotted", price: 8.9, available: 1_000_000 }
            ],
            next_cursor: "Mg"
          }
        }
      })
    ),
    HttpApiEndpoint.get("availability", "/products/:item_id/availability", {
      params: { item_id: ItemIdParam },
      success: Availability,
      error: [InvalidRequest, ItemNotFound, Unavailable]
    }).annotateMerge(
      documented({
        summary: "How many of an item can be had",
        description: "May be a few seconds old; whether an order gets its items is decided when it is paid.",
        parameters: itemParameter,
        answers: { 200: { item_id: 1, available: 999_998 } }
      })
    ),
    HttpApiEndpoint.post("availabilityOfMany", "/products/availability", {
      payload: Schema.Struct({
        item_ids: Schema.Array(ItemId).check(Schema.isBetweenLength(1, 100, { message: "must have 1 to 100 ids" }))
      }),
      success: AvailabilityOfMany,
      error: [InvalidRequest, Unavailable]
    }).annotateMerge(
      documented({
        summary: "How many of up to 100 items can be had",
        requests: { "Two items and one that does not exist": { item_ids: [1, 2, 999_999] } },
        answers: {
          200: {
            items: [
              { item_id: 1, available: 999_998 },
              { item_id: 2, available: 1_000_000 }
            ],
            unknown_item_ids: [999_999]
          }
        }
      })
    )
  )
  .annotate(OpenApi.Description, "The catalogue and its stock") {}

/** Answered by the inventory service, on the management port. */
export class StockApi extends HttpApiGroup.make("stock")
  .add(
    HttpApiEndpoint.post("adjust", "/products/:item_id/adjust", {
      params: { item_id: ItemIdParam },
      payload: Schema.Struct({
        delta: Schema.Number.check(
          Schema.isInt({ message: "must be a whole number" }),
          Schema.isBetween({ minimum: -1_000_000, maximum: 1_000_000 }),
          Schema.makeFilter((delta: number) => (delta === 0 ? "must not be zero" : undefined))
        ),
        reason: ClientText
      }),
      success: StockAdjusted,
      error: [InvalidRequest, ItemNotFound, InsufficientStock, Unavailable]
    }).annotateMerge(
      documented({
        summary: "Count stock up or down",
        description: "Recorded with its reason. The stock never goes below zero.",
        parameters: itemParameter,
        requests: {
          "A delivery": { delta: 250, reason: "delivery of Monday" },
          Breakage: { delta: -3, reason: "broken" }
        },
        answers: { 200: { item_id: 1, delta: 250, available: 1_000_250 } }
      })
    )
  )
  .annotate(OpenApi.Description, "Counting stock") {}
