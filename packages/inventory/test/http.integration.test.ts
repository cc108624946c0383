import { assert, layer } from "@effect/vitest"
import { type ItemId, ManagementApi, ProductsApi } from "@flowforge/contracts"
import { Cache } from "@flowforge/platform"
import { layerTestDatabase } from "@flowforge/testkit"
import { Context, Effect, Layer } from "effect"
import { HttpRouter, HttpServer } from "effect/http"
import { HttpApi, HttpApiBuilder } from "effect/http-api"
import { SqlClient } from "effect/sql"
import { availabilityKey } from "../src/availability.ts"
import { InventoryService } from "../src/index.ts"
import { MAX_STOCK } from "../src/products.ts"
import { addItem, availableOf, layerCache } from "./inventory.ts"

/** The public API without the groups that other services answer. */
const Products = HttpApi.make("flowforge").add(ProductsApi)

/** Sends requests to the inventory's groups of both ports, as they would come over HTTP. */
class Http extends Context.Service<Http, (method: string, path: string, body?: unknown) => Effect.Effect<Answer>>()(
  "Http"
) {
  static readonly layer = Layer.effect(
    Http,
    Effect.gen(function* () {
      const outside = Layer.succeedContext(yield* Effect.context<Cache | SqlClient.SqlClient>())
      const routes = Layer.mergeAll(
        HttpApiBuilder.layer(Products).pipe(Layer.provide(InventoryService.layerHttp)),
        HttpApiBuilder.layer(ManagementApi).pipe(Layer.provide(InventoryService.layerManagementHttp))
      ).pipe(Layer.provide([outside, HttpServer.layerServices]))
      const { dispose, handler } = HttpRouter.toWebHandler(routes, { disableLogger: true })
      yield* Effect.addFinalizer(() => Effect.promise(dispose))
      return (method, path, body) =>
        Effect.promise(async () => {
          const init: RequestInit = { method }
          if (body !== undefined) {
            init.body = JSON.stringify(body)
            init.headers = { "content-type": "application/json" }
          }
          const response = await handler(new Request(`http://inventory${path}`, init), Context.empty() as never)
          const text = await response.text()
          return { status: response.status, body: text === "" ? undefined : JSON.parse(text) }
        })
    })
  )
}

interface Answer {
  readonly status: number
  readonly body: any
}

const get = (path: string) => Effect.flatMap(Http, (http) => http("GET", path))
const post = (path: string, body: unknown) => Effect.flatMap(Http, (http) => http("POST", path, body))
const adjustments = SqlClient.SqlClient.use(
  (sql) =>
    sql<{
      item_id: number
      delta: number
      reason: string
    }>`SELECT item_id, delta, reason FROM stock_adjustments ORDER BY adjusted_at`
)

layer(Http.layer.pipe(Layer.provideMerge([layerTestDatabase, layerCache])))("products over HTTP", (it) => {
  it.effect("lists the catalogue in pages by id, each item once, to the end", () =>
    Effect.gen(function* () {
      yield* Effect.forEach([1, 2, 3, 5, 8], (id) => addItem(id, id * 10))
      const first = yield* get("/products?limit=2")
      assert.deepStrictEqual(first.body.products, [
        { item_id: 1, name: "Item 1", price: 12.5, available: 10 },
        { item_id: 2, name: "Item 2", price: 12.5, available: 20 }
      ])
      const second = yield* get(`/products?limit=2&cursor=${first.body.next_cursor}`)
      assert.deepStrictEqual(
        second.body.products.map((product: { item_id: number }) => product.item_id),
        [3, 5]
      )
      const last = yield* get(`/products?limit=2&cursor=${second.body.next_cursor}`)
      assert.deepStrictEqual(
        last.body.products.map((product: { item_id: number }) => product.item_id),
        [8]
      )
      assert.notProperty(last.body, "next_cursor")
    })
  )

  it.effect("answers an availability from the database once, then from the cache until the stock changes", () =>
    Effect.gen(function* () {
      yield* addItem(20, 7)
      const sql = yield* SqlClient.SqlClient
      assert.deepStrictEqual(yield* get("/products/20/availability"), {
        status: 200,
        body: { item_id: 20, available: 7 }
      })
      yield* sql`UPDATE items SET available = 6 WHERE id = 20`
      assert.strictEqual((yield* get("/products/20/availability")).body.available, 7)
      yield* post("/products/20/adjust", { delta: -1, reason: "broken" })
      assert.strictEqual((yield* get("/products/20/availability")).body.available, 5)
    })
  )

  it.effect("answers for many items at once and names those it does not know, each once", () =>
    Effect.gen(function* () {
      yield* addItem(30, 3)
      yield* addItem(31, 0)
      const answer = yield* post("/products/availability", { item_ids: [31, 998, 30, 31, 999, 998] })
      assert.deepStrictEqual(answer, {
        status: 200,
        body: {
          items: [
            { item_id: 31, available: 0 },
            { item_id: 30, available: 3 }
          ],
          unknown_item_ids: [998, 999]
        }
      })
    })
  )

  it.effect("counts stock up and down, notes why, and forgets the cached number", () =>
    Effect.gen(function* () {
      yield* addItem(40, 5)
      const cache = yield* Cache
      yield* get("/products/40/availability")
      assert.deepStrictEqual(yield* post("/products/40/adjust", { delta: 3, reason: "delivery" }), {
        status: 200,
        body: { item_id: 40, delta: 3, available: 8 }
      })
      assert.deepStrictEqual(yield* cache.get([availabilityKey(40 as ItemId)]), [undefined])
      yield* post("/products/40/adjust", { delta: -8, reason: "recall" })
      assert.strictEqual(yield* availableOf(40), 0)
      assert.deepInclude(yield* adjustments, { item_id: 40, delta: 3, reason: "delivery" })
      assert.deepInclude(yield* adjustments, { item_id: 40, delta: -8, reason: "recall" })
    })
  )

  it.effect("refuses an adjustment that would take the stock below zero, and notes nothing", () =>
    Effect.gen(function* () {
      yield* addItem(50, 5)
      const before = yield* adjustments
      const answer = yield* post("/products/50/adjust", { delta: -6, reason: "recall" })
      assert.strictEqual(answer.status, 409)
      assert.strictEqual(answer.body.type, "urn:flowforge:problem:insufficient-stock")
      assert.strictEqual(answer.body.available, 5)
      assert.strictEqual(yield* availableOf(50), 5)
      assert.deepStrictEqual(yield* adjustments, before)
    })
  )

  it.effect("refuses to count an item beyond what a stock can be", () =>
    Effect.gen(function* () {
      yield* addItem(60, MAX_STOCK - 10)
      const answer = yield* post("/products/60/adjust", { delta: 11, reason: "delivery" })
      assert.strictEqual(answer.status, 400)
      assert.strictEqual(answer.body.errors[0].field, "delta")
      assert.strictEqual((yield* post("/products/60/adjust", { delta: 10, reason: "delivery" })).status, 200)
    })
  )

  const wrong: ReadonlyArray<
    readonly [what: string, method: "GET" | "POST", path: string, body: unknown, status: number]
  > = [
    ["an unknown item", "GET", "/products/404/availability", undefined, 404],
    ["the item 0", "GET", "/products/0/availability", undefined, 400],
    ["a negative item", "GET", "/products/-1/availability", undefined, 400],
    ["an item beyond every id", "GET", "/products/2147483648/availability", undefined, 400],
    ["an item beyond every number", "GET", `/products/${"9".repeat(90)}/availability`, undefined, 400],
    ["half an item", "GET", "/products/1.5/availability", undefined, 400],
    ["an item by name", "GET", "/products/pen/availability", undefined, 400],
    ["a page of none", "GET", "/products?limit=0", undefined, 400],
    ["a page of 101", "GET", "/products?limit=101", undefined, 400],
    ["a page of some", "GET", "/products?limit=some", undefined, 400],
    ["a cursor that never was", "GET", "/products?cursor=bm90IGEgY3Vyc29y", undefined, 400],
    [
      "a cursor beyond every id",
      "GET",
      `/products?cursor=${Buffer.from("9999999999").toString("base64url")}`,
      undefined,
      400
    ],
    ["no ids", "POST", "/products/availability", { item_ids: [] }, 400],
    ["101 ids", "POST", "/products/availability", { item_ids: Array.from({ length: 101 }, (_, id) => id + 1) }, 400],
    ["ids that are not ids", "POST", "/products/availability", { item_ids: [0, -1, 1.5, "2"] }, 400],
    ["no body", "POST", "/products/availability", undefined, 400],
    ["another body", "POST", "/products/availability", { ids: [1] }, 400],
    ["a change of an unknown item", "POST", "/products/404/adjust", { delta: 1, reason: "delivery" }, 404],
    ["a change of nothing", "POST", "/products/1/adjust", { delta: 0, reason: "delivery" }, 400],
    ["a change by half", "POST", "/products/1/adjust", { delta: 0.5, reason: "delivery" }, 400],
    ["a change too large", "POST", "/products/1/adjust", { delta: 1_000_001, reason: "delivery" }, 400],
    ["a change in words", "POST", "/products/1/adjust", { delta: "one", reason: "delivery" }, 400],
    ["a change without a reason", "POST", "/products/1/adjust", { delta: 1 }, 400],
    ["a change for an empty reason", "POST", "/products/1/adjust", { delta: 1, reason: "" }, 400],
    ["a change for a reason without end", "POST", "/products/1/adjust", { delta: 1, reason: "x".repeat(201) }, 400],
    ["a change for a reason with U+0000", "POST", "/products/1/adjust", { delta: 1, reason: "a\u0000b" }, 400]
  ]
  for (const [what, method, path, body, status] of wrong) {
    it.effect(`answers ${status} to ${what}, and changes nothing`, () =>
      Effect.gen(function* () {
        const before = yield* adjustments
        const http = yield* Http
        assert.strictEqual((yield* http(method, path, body)).status, status)
        assert.deepStrictEqual(yield* adjustments, before)
      })
    )
  }
})
