import { readdir, rm, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { layerObjectRoutes, ObjectStore } from "@flowforge/platform"
import { Context, Duration, Effect, Layer, Redacted } from "effect"
import { HttpRouter, HttpServer } from "effect/http"
import { temporaryFolder } from "../temporary-folder.ts"
import { objectStoreSuite } from "./suite.ts"

const secret = Redacted.make("a secret for tests")
const publicBaseUrl = "http://localhost:8080"

const onDisk = (folder: string) => ObjectStore.layerDisk({ folder, publicBaseUrl, secret })

objectStoreSuite("memory", ObjectStore.layerMemory)
objectStoreSuite("disk", Layer.unwrap(Effect.map(temporaryFolder, onDisk)))

const key = "receipts/2026-11-23/a.html"
const put = ObjectStore.use((objects) =>
  objects.put({ key, body: Buffer.from("<p>receipt</p>"), contentType: "text/html" })
)
const sign = (of: string, expiresIn = Duration.minutes(15)) =>
  ObjectStore.use((objects) => objects.signedUrl(of, expiresIn))

/** Opens an address as a browser would; answers status, headers and text. */
const open = Effect.fnUntraced(function* (url: string) {
  const objects = Layer.succeedContext(yield* Effect.context<ObjectStore>())
  const routes = layerObjectRoutes({ secret }).pipe(Layer.provide([objects, HttpServer.layerServices]))
  const { dispose, handler } = HttpRouter.toWebHandler(routes, { disableLogger: true })
  yield* Effect.addFinalizer(() => Effect.promise(dispose))
  return yield* Effect.promise(async () => {
    const { headers, status, text } = await handler(new Request(url), Context.empty() as never).then(
      async (response) => ({
        headers: response.headers,
        status: response.status,
        text: await response.text()
      })
    )
    return { headers, status, text }
  })
})

describe("objects on disk", () => {
  it.live("leaves no other file behind", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      yield* Effect.all([put, put, put], { concurrency: 3 }).pipe(Effect.provide(onDisk(folder)))
      assert.deepStrictEqual(yield* Effect.promise(() => readdir(join(folder, "receipts/2026-11-23"))), ["a.html"])
    })
  )

  it.live("says that it is unavailable while its folder cannot be written, and works again after", () =>
    Effect.gen(function* () {
      const folder = join(yield* temporaryFolder, "objects")
      yield* Effect.promise(() => writeFile(folder, "in the way"))
      yield* Effect.gen(function* () {
        assert.strictEqual((yield* Effect.flip(put))._tag, "ObjectStoreUnavailable")
        yield* Effect.promise(() => rm(folder))
        yield* put
      }).pipe(Effect.provide(onDisk(folder)))
    })
  )
})

describe("the addresses of objects on disk", () => {
  const layer = Layer.unwrap(Effect.map(temporaryFolder, onDisk))

  it.live("open the object, as a document that can run nothing", () =>
    Effect.gen(function* () {
      yield* put
      const url = yield* sign(key)
      assert.isTrue(url.startsWith(`${publicBaseUrl}/objects/${key}?`))
      const { headers, status, text } = yield* open(url)
      assert.deepStrictEqual([status, text], [200, "<p>receipt</p>"])
      assert.strictEqual(headers.get("content-type"), "text/html; charset=utf-8")
      assert.strictEqual(headers.get("x-content-type-options"), "nosniff")
      assert.match(headers.get("content-security-policy") ?? "", /default-src 'none'.*sandbox/u)
    }).pipe(Effect.provide(layer))
  )

  it.live("answer 404 for what is not there, though signed", () =>
    Effect.gen(function* () {
      assert.strictEqual((yield* open(yield* sign("receipts/none.html"))).status, 404)
    }).pipe(Effect.provide(layer))
  )

  const changed: ReadonlyArray<readonly [what: string, change: (url: string) => string]> = [
    ["for another object", (url) => url.replace("a.html", "b.html")],
    ["for a later end", (url) => url.replace(/expires=\d+/u, (expires) => `${expires}0`)],
    [
      "with another signature",
      (url) => url.replace(/signature=./u, (start) => `signature=${start.endsWith("A") ? "B" : "A"}`)
    ],
    ["with half a signature", (url) => url.slice(0, -20)],
    ["with an empty signature", (url) => url.replace(/signature=.*/u, "signature=")],
    ["without a signature", (url) => url.replace(/&signature=.*/u, "")],
    ["without anything", (url) => url.replace(/\?.*/u, "")],
    ["for a place outside", (url) => url.replace("receipts/", "%2e%2e%2f%2e%2e%2f")]
  ]
  for (const [what, change] of changed) {
    it.live(`are refused ${what}`, () =>
      Effect.gen(function* () {
        yield* put
        const { status, text } = yield* open(change(yield* sign(key)))
        assert.strictEqual(status, 403)
        assert.strictEqual(JSON.parse(text).type, "urn:flowforge:problem:address-refused")
      }).pipe(Effect.provide(layer))
    )
  }

  it.live("are refused when they have expired", () =>
    Effect.gen(function* () {
      yield* put
      const { status, text } = yield* open(yield* sign(key, Duration.seconds(-1)))
      assert.strictEqual(status, 403)
      assert.include(text, "expired")
    }).pipe(Effect.provide(layer))
  )

  it.live("are refused when another secret signed them", () =>
    Effect.gen(function* () {
      yield* put
      const forged = yield* sign(key).pipe(
        Effect.provide(ObjectStore.layerDisk({ folder: "unused", publicBaseUrl, secret: Redacted.make("guessed") }))
      )
      assert.strictEqual((yield* open(forged)).status, 403)
    }).pipe(Effect.provide(layer))
  )
})
