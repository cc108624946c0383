import { assert, describe, it } from "@effect/vitest"
import { ObjectStore } from "@flowforge/platform"
import { layerS3, type S3Options } from "@flowforge/platform/s3"
import {
  findObjectStore,
  OBJECT_STORE_BUCKET,
  OBJECT_STORE_CREDENTIALS,
  OBJECT_STORE_MISSING,
  OBJECT_STORE_REGION,
  startObjectStore
} from "@flowforge/testkit/object-store"
import { recordingTracer } from "@flowforge/testkit"
import { faultyProxy } from "@flowforge/testkit/proxy"
import { Duration, Effect, Layer, Redacted } from "effect"
import { objectStoreSuite } from "../object-store/suite.ts"

const program = await Effect.runPromise(findObjectStore)

const s3 = (endpoint: string, options: Partial<S3Options> = {}) =>
  layerS3({
    endpoint,
    region: OBJECT_STORE_REGION,
    bucket: OBJECT_STORE_BUCKET,
    pathStyle: true,
    credentials: {
      accessKeyId: OBJECT_STORE_CREDENTIALS.accessKeyId,
      secretAccessKey: Redacted.make(OBJECT_STORE_CREDENTIALS.secretAccessKey)
    },
    ...options
  })

const key = "receipts/2026-11-23/a.html"
const put = ObjectStore.use((objects) =>
  objects.put({ key, body: Buffer.from("<p>receipt</p>"), contentType: "text/html; charset=utf-8" })
)
const get = ObjectStore.use((objects) => objects.get(key))
const sign = (duration: Duration.Duration) => ObjectStore.use((objects) => objects.signedUrl(key, duration))

/** The failure, and how long it took to be told. */
const failing = <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.timed(Effect.flip(effect))

describe.skipIf(program === undefined)(`on S3${program === undefined ? ` (${OBJECT_STORE_MISSING})` : ""}`, () => {
  objectStoreSuite("s3", Layer.unwrap(Effect.map(startObjectStore(program!), ({ url }) => s3(url))))

  it.live("each call has a span of its own, which says what was asked and whether it went well", () =>
    Effect.gen(function* () {
      const server = yield* startObjectStore(program!)
      const { layer, spans } = recordingTracer()
      yield* Effect.gen(function* () {
        yield* put
        yield* get
        yield* server.kill
        yield* Effect.flip(get)
      }).pipe(Effect.provide([s3(server.url), layer]))
      assert.deepStrictEqual(
        spans.map(({ kind, name, status }) => [kind, name, status._tag === "Ended" && status.exit._tag]),
        [
          ["client", "S3.PutObject", "Success"],
          ["client", "S3.GetObject", "Success"],
          ["client", "S3.GetObject", "Failure"]
        ]
      )
    })
  )

  it.live("fails at once while nobody listens, and works again after", () =>
    Effect.gen(function* () {
      const server = yield* startObjectStore(program!)
      yield* Effect.gen(function* () {
        yield* put
        yield* server.kill
        for (const what of [Effect.asVoid(put), Effect.asVoid(get)]) {
          const [took, error] = yield* failing(what)
          assert.strictEqual(error._tag, "ObjectStoreUnavailable")
          assert.include(error.reason, "ECONN")
          assert.isBelow(Duration.toMillis(took), 1500)
        }
        yield* server.start
        yield* put
      }).pipe(Effect.provide(s3(server.url)))
    })
  )

  it.live("waits for a frozen server no longer than two time limits, and works again after", () =>
    Effect.gen(function* () {
      const server = yield* startObjectStore(program!)
      yield* Effect.gen(function* () {
        yield* put
        yield* server.freeze
        const [took, error] = yield* failing(put)
        assert.strictEqual(error._tag, "ObjectStoreUnavailable")
        assert.isBelow(Duration.toMillis(took), 5500)
        yield* server.thaw
        yield* put
      }).pipe(Effect.provide(s3(server.url)))
    })
  )

  it.live("tries a 5xx and a throttling twice, then says that it is unavailable", () =>
    Effect.gen(function* () {
      const server = yield* startObjectStore(program!)
      const proxy = yield* faultyProxy(server.url)
      yield* Effect.gen(function* () {
        for (const status of [500, 503, 429]) {
          proxy.setFault({ kind: "refuse", status })
          assert.strictEqual((yield* Effect.flip(put))._tag, "ObjectStoreUnavailable")
        }
        proxy.setFault(undefined)
        yield* put
      }).pipe(Effect.provide(s3(proxy.url)))
    })
  )

  it.live("is unavailable when the answer is lost; the object is there, and put again is the same", () =>
    Effect.gen(function* () {
      const server = yield* startObjectStore(program!)
      const proxy = yield* faultyProxy(server.url)
      proxy.setFault({ kind: "lose" })
      assert.strictEqual((yield* Effect.flip(Effect.provide(put, s3(proxy.url))))._tag, "ObjectStoreUnavailable")
      assert.strictEqual(proxy.passed(), 2)
      assert.strictEqual((yield* Effect.provide(get, s3(server.url)))._tag, "Some")
    })
  )

  it.live("says which: a wrong secret, a bucket that is not there", () =>
    Effect.gen(function* () {
      const { url } = yield* startObjectStore(program!)
      const wrong = { accessKeyId: "flowforge", secretAccessKey: Redacted.make("guessed") }
      const refused = yield* Effect.flip(Effect.provide(put, s3(url, { credentials: wrong })))
      assert.include(refused.reason, "SignatureDoesNotMatch")
      const missing = Effect.provide(Effect.asVoid(get), s3(url, { bucket: "none" }))
      assert.include((yield* Effect.flip(missing)).reason, "NoSuchBucket")
    })
  )

  it.live("signs addresses that open through the public endpoint, for one object, until they expire", () =>
    Effect.gen(function* () {
      const server = yield* startObjectStore(program!)
      const { url: publicEndpoint } = yield* faultyProxy(server.url)
      const open = (url: string) => Effect.promise(() => fetch(url))
      yield* Effect.gen(function* () {
        yield* put
        const url = yield* sign(Duration.minutes(15))
        assert.isTrue(url.startsWith(`${publicEndpoint}/${OBJECT_STORE_BUCKET}/${key}?`))
        const answer = yield* open(url)
        assert.strictEqual(yield* Effect.promise(() => answer.text()), "<p>receipt</p>")
        assert.strictEqual(answer.headers.get("content-type"), "text/html; charset=utf-8")
        assert.strictEqual((yield* open(url.replace("a.html", "b.html"))).status, 403)
        assert.strictEqual((yield* open(url.replace(publicEndpoint, server.url))).status, 403)
        const short = yield* sign(Duration.seconds(1))
        yield* Effect.promise(async () => {
          const end = performance.now() + 10_000
          while ((await fetch(short)).status !== 403) assert.isBelow(performance.now(), end, "it has expired")
        })
      }).pipe(Effect.provide(s3(server.url, { publicEndpoint })))
    })
  )
})
