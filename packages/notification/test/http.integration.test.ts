import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, layer } from "@effect/vitest"
import { type OrderId, ReceiptsApi } from "@flowforge/contracts"
import { layerObjectRoutes, ObjectStore, ObjectStoreUnavailable, objectRoutes } from "@flowforge/platform"
import { layerServe, listen, routesOf } from "@flowforge/platform/http"
import { layerTestDatabase } from "@flowforge/testkit"
import { Context, Duration, Effect, Layer, Option, Redacted } from "effect"
import { HttpApi, HttpApiBuilder } from "effect/http-api"
import { SqlClient } from "effect/sql"
import { v7 } from "uuid"
import { NotificationService } from "../src/index.ts"
import { receiptKey } from "../src/domain.ts"
import { addOrder, addUser, countOf } from "./world.ts"

/** The public API without the groups that other services answer. */
const Receipts = HttpApi.make("flowforge").add(ReceiptsApi)
const signingKey = Redacted.make("a secret for tests")

/** The receipts' part of the public port, on a disk, as a client reaches it. */
class Site extends Context.Service<
  Site,
  {
    readonly get: (path: string, method?: string) => Effect.Effect<Response>
    /** What was put into the object store through the site. */
    readonly puts: Array<string>
    readonly disk: { isAway: boolean }
    readonly objects: ObjectStore["Service"]
  }
>()("test/Site") {
  static readonly layer = Layer.effect(
    Site,
    Effect.gen(function* () {
      const listener = yield* listen({ port: 0, variable: "PORT" })
      const folder = mkdtempSync(join(tmpdir(), "flowforge-receipts-"))
      yield* Effect.addFinalizer(() => Effect.sync(() => rmSync(folder, { recursive: true, force: true })))
      const publicBaseUrl = `http://localhost:${listener.port}`
      const objects = yield* Effect.map(
        Layer.build(ObjectStore.layerDisk({ folder, publicBaseUrl, secret: signingKey })),
        Context.get(ObjectStore)
      )
      const puts: Array<string> = []
      const disk = { isAway: false }
      const away = Effect.fail(new ObjectStoreUnavailable({ reason: "no space" }))
      const watched = Layer.succeed(ObjectStore, {
        ...objects,
        get: (key) => Effect.suspend(() => (disk.isAway ? away : objects.get(key))),
        put: (object) =>
          Effect.suspend(() =>
            disk.isAway ? away : Effect.tap(objects.put(object), () => Effect.sync(() => puts.push(object.key)))
          )
      })
      yield* Layer.build(
        layerServe(listener, {
          known: [...routesOf(Receipts), ...objectRoutes],
          routes: Layer.mergeAll(
            HttpApiBuilder.layer(Receipts).pipe(Layer.provide(NotificationService.layerHttp)),
            layerObjectRoutes({ secret: signingKey })
          ).pipe(Layer.provide(watched))
        })
      )
      return {
        puts,
        disk,
        objects,
        get: (path, method = "GET") =>
          Effect.promise(() => fetch(new URL(path, publicBaseUrl), { method, redirect: "manual" }))
      }
    })
  )
}

const get = (path: string, method?: string) => Site.use((site) => site.get(path, method))
const textOf = (response: Response) => Effect.promise(() => response.text())
const problemOf = (response: Response) => Effect.map(textOf(response), (text) => JSON.parse(text))

/** An order with its receipt, as the consumer leaves them. */
const withReceipt = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const { objects } = yield* Site
  const order = yield* addOrder(yield* addUser({ name: "Łukasz" }))
  const key = receiptKey(order, "2026-11-23T08:00:00Z")
  const html = `<p>the receipt of ${order}</p>`
  yield* objects.put({ key, body: Buffer.from(html), contentType: "text/html" })
  yield* sql`INSERT INTO receipts (order_id, object_key, sha256) VALUES (${order}, ${key}, decode('00', 'hex'))`
  return { order, key, html }
})

const pdfKeyOf = (order: OrderId) =>
  SqlClient.SqlClient.use(
    (sql) => sql<{ key: string | null }>`SELECT pdf_object_key AS key FROM receipts WHERE order_id = ${order}`
  ).pipe(Effect.map((rows) => rows[0]?.key ?? undefined))

const locationOf = (response: Response): string => response.headers.get("location") ?? "none"

layer(Site.layer.pipe(Layer.provideMerge(layerTestDatabase)), { excludeTestServices: true })(
  "a receipt over HTTP",
  (it) => {
    it.effect("of a confirmed order is behind a signed address, under an id in any case", () =>
      Effect.gen(function* () {
        const { html, order } = yield* withReceipt
        for (const path of [
          `/orders/${order}/receipt`,
          `/orders/${order}/receipt?format=html`,
          `/orders/${order.toUpperCase()}/receipt`
        ]) {
          const answer = yield* get(path)
          assert.strictEqual(answer.status, 303)
          const opened = yield* get(locationOf(answer))
          assert.strictEqual(opened.status, 200)
          assert.strictEqual(opened.headers.get("content-type"), "text/html; charset=utf-8")
          assert.match(opened.headers.get("content-security-policy") ?? "", /default-src 'none'/u)
          assert.strictEqual(yield* textOf(opened), html)
        }
      })
    )

    it.effect("answers HEAD like GET, without a body, here and behind the address", () =>
      Effect.gen(function* () {
        const { html, order } = yield* withReceipt
        const answer = yield* get(`/orders/${order}/receipt`, "HEAD")
        assert.strictEqual(answer.status, 303)
        const opened = yield* get(locationOf(answer), "HEAD")
        assert.strictEqual(opened.status, 200)
        assert.strictEqual(opened.headers.get("content-length"), String(html.length))
        assert.strictEqual(yield* textOf(opened), "")
      })
    )

    it.effect("is behind an address that opens nothing when it is changed, unsigned or old", () =>
      Effect.gen(function* () {
        const { key, order } = yield* withReceipt
        const other = yield* withReceipt
        const { objects } = yield* Site
        const address = locationOf(yield* get(`/orders/${order}/receipt`))
        const expired = yield* objects.signedUrl(key, Duration.seconds(-1))
        for (const wrong of [
          address.replace(order, other.order),
          address.replace(/expires=\d/u, "expires=9"),
          address.replace(/signature=.*/u, "signature="),
          address.replace(/\?.*/u, ""),
          expired
        ]) {
          const { status } = yield* get(wrong)
          assert.strictEqual(status, 403, wrong)
        }
      })
    )

    it.effect("as PDF is rendered when first asked for, stored, and served from the store after", () =>
      Effect.gen(function* () {
        const { puts } = yield* Site
        const { order } = yield* withReceipt
        puts.length = 0
        const addresses: Array<string> = []
        for (const id of [order, order.toUpperCase()]) {
          const answer = yield* get(`/orders/${id}/receipt?format=pdf`)
          assert.strictEqual(answer.status, 303)
          addresses.push(locationOf(answer).replace(/\?.*/u, ""))
          const opened = yield* get(locationOf(answer))
          assert.strictEqual(opened.headers.get("content-type"), "application/pdf")
          assert.match(yield* textOf(opened), /^%PDF-/u)
        }
        assert.strictEqual(addresses[0], addresses[1])
        assert.deepStrictEqual(puts, [`receipts/2026-11-23/${order}.pdf`])
        assert.strictEqual(yield* pdfKeyOf(order), puts[0])
      })
    )

    it.effect("as PDF is rendered once for twenty who ask at the same time", () =>
      Effect.gen(function* () {
        const { puts } = yield* Site
        const { order } = yield* withReceipt
        puts.length = 0
        const rendered = countOf("flowforge_receipt_render_seconds", { format: "pdf" })
        const before = yield* rendered
        const ask = get(`/orders/${order}/receipt?format=pdf`)
        const answers = yield* Effect.all(
          Array.from({ length: 20 }, () => ask),
          { concurrency: 20 }
        )
        assert.deepStrictEqual(new Set(answers.map(({ status }) => status)), new Set([303]))
        assert.strictEqual(puts.length, 1)
        assert.strictEqual((yield* rendered) - before, 1)
      })
    )

    it.effect("as PDF is the same after a crash between storing it and keeping its key", () =>
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        const { objects } = yield* Site
        const { order } = yield* withReceipt
        yield* get(`/orders/${order}/receipt?format=pdf`)
        const key = (yield* pdfKeyOf(order))!
        const before = Option.getOrThrow(yield* objects.get(key))
        yield* sql`UPDATE receipts SET pdf_object_key = NULL WHERE order_id = ${order}`
        assert.strictEqual((yield* get(`/orders/${order}/receipt?format=pdf`)).status, 303)
        assert.strictEqual(yield* pdfKeyOf(order), key)
        assert.deepStrictEqual(Option.getOrThrow(yield* objects.get(key)), before)
      })
    )

    it.effect("as PDF comes later when the object store was away, and is not claimed to be there before", () =>
      Effect.gen(function* () {
        const { disk } = yield* Site
        const { order } = yield* withReceipt
        disk.isAway = true
        const refused = yield* get(`/orders/${order}/receipt?format=pdf`).pipe(
          Effect.ensuring(Effect.sync(() => (disk.isAway = false)))
        )
        assert.strictEqual(refused.status, 503)
        assert.strictEqual(refused.headers.get("retry-after"), "1")
        assert.isUndefined(yield* pdfKeyOf(order))
        assert.strictEqual((yield* get(`/orders/${order}/receipt?format=pdf`)).status, 303)
      })
    )

    it.effect("is refused behind its address while the object store is away, with a time to come back", () =>
      Effect.gen(function* () {
        const { disk } = yield* Site
        const { order } = yield* withReceipt
        const address = locationOf(yield* get(`/orders/${order}/receipt`))
        disk.isAway = true
        const refused = yield* get(address).pipe(Effect.ensuring(Effect.sync(() => (disk.isAway = false))))
        assert.strictEqual(refused.status, 503)
        assert.strictEqual(refused.headers.get("retry-after"), "1")
        assert.strictEqual((yield* get(address)).status, 200)
      })
    )

    for (const status of ["PENDING", "CONFIRMED"] as const) {
      it.effect(`of a ${status} order that has none yet is 409, with a time to come back`, () =>
        Effect.gen(function* () {
          const order = yield* addOrder(yield* addUser({}), status)
          for (const format of ["html", "pdf"]) {
            const answer = yield* get(`/orders/${order}/receipt?format=${format}`)
            assert.strictEqual(answer.status, 409)
            assert.strictEqual(answer.headers.get("retry-after"), "1")
            assert.strictEqual(answer.headers.get("content-type"), "application/problem+json")
            const problem = yield* problemOf(answer)
            assert.strictEqual(problem.type, "urn:flowforge:problem:receipt-not-ready")
            assert.strictEqual(problem.order_id, order)
          }
        })
      )
    }

    it.effect("of a cancelled order does not exist, and never will: 404 without a time to come back", () =>
      Effect.gen(function* () {
        const order = yield* addOrder(yield* addUser({}), "CANCELLED")
        const answer = yield* get(`/orders/${order}/receipt`)
        assert.strictEqual(answer.status, 404)
        assert.isNull(answer.headers.get("retry-after"))
        assert.strictEqual((yield* problemOf(answer)).type, "urn:flowforge:problem:no-receipt")
      })
    )

    const id = v7()
    const wrong: ReadonlyArray<readonly [what: string, path: string, status: number, type: string, field?: string]> = [
      ["an order that nobody placed", `/orders/${id}/receipt`, 404, "order-not-found"],
      ["no UUID", "/orders/1/receipt", 400, "invalid-request", "order_id"],
      ["half a UUID", `/orders/${id.slice(0, 18)}/receipt`, 400, "invalid-request", "order_id"],
      ["an id with SQL in it", "/orders/x'%20OR%201=1/receipt", 400, "invalid-request", "order_id"],
      ["an unknown format", `/orders/${id}/receipt?format=doc`, 400, "invalid-request", "format"],
      ["an empty format", `/orders/${id}/receipt?format=`, 400, "invalid-request", "format"],
      ["two formats", `/orders/${id}/receipt?format=pdf&format=html`, 400, "invalid-request", "format"]
    ]
    for (const [what, path, status, type, field] of wrong) {
      it.effect(`of ${what} is ${status}`, () =>
        Effect.gen(function* () {
          const answer = yield* get(path)
          assert.strictEqual(answer.status, status)
          const problem = yield* problemOf(answer)
          assert.strictEqual(problem.type, `urn:flowforge:problem:${type}`)
          if (field !== undefined) {
            assert.deepStrictEqual(
              problem.errors.map((error: { readonly field: string }) => error.field),
              [field]
            )
          }
        })
      )
    }

    it.effect("is not to be written by clients: 405", () =>
      Effect.gen(function* () {
        const answer = yield* get(`/orders/${v7()}/receipt`, "POST")
        assert.strictEqual(answer.status, 405)
        assert.strictEqual(answer.headers.get("allow"), "GET, HEAD")
      })
    )
  }
)
