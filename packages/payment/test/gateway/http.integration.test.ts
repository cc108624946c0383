import { createServer, type RequestListener } from "node:http"
import type { AddressInfo } from "node:net"
import { assert, describe, it } from "@effect/vitest"
import { MinorUnits } from "@flowforge/contracts"
import { freePort } from "@flowforge/platform/child-process"
import { Duration, Effect, Layer } from "effect"
import { layerHttp, PaymentGateway } from "../../src/gateway/index.ts"
import { newOrder, Simulator } from "../payments.ts"
import { gatewaySuite } from "./suite.ts"

const bounds = { timeout: Duration.millis(300), connections: 4 }

gatewaySuite(
  "over HTTP",
  Layer.unwrap(Effect.map(Simulator, ({ url }) => layerHttp({ url, ...bounds }))).pipe(Layer.provide(Simulator.layer))
)

/** What a capture comes to at a company that answers like this. */
const captureAt = (answer: RequestListener, captures = 1) =>
  Effect.gen(function* () {
    const server = yield* Effect.acquireRelease(
      Effect.callback<ReturnType<typeof createServer>>((resume) => {
        const listening = createServer(answer)
        listening.listen(0, "127.0.0.1", () => resume(Effect.succeed(listening)))
      }),
      (listening) =>
        Effect.callback<void>((resume) => {
          listening.close(() => resume(Effect.void))
          listening.closeAllConnections()
        })
    )
    return yield* captureFrom((server.address() as AddressInfo).port, captures)
  }).pipe(Effect.scoped)

const captureFrom = (port: number, captures = 1) =>
  Effect.gen(function* () {
    const { capture } = yield* PaymentGateway
    return yield* Effect.forEach(
      Array.from({ length: captures }, newOrder),
      (orderId) =>
        Effect.flip(capture({ orderId, amount: MinorUnits.make(1), method: "card", token: "tok_ok" })).pipe(
          Effect.timed
        ),
      { concurrency: "unbounded" }
    )
  }).pipe(Effect.provide(layerHttp({ url: `http://127.0.0.1:${port}`, ...bounds })))

describe("the gateway's client", () => {
  it.live("knows a refused connection and a 503 as the gateway being away", () =>
    Effect.gen(function* () {
      const refused = (yield* captureFrom(yield* Effect.promise(freePort)))[0]![1]
      assert.include(refused, { _tag: "DependencyUnavailable", reason: "ECONNREFUSED" })
      const busy = (yield* captureAt((_, response) => response.writeHead(503).end()))[0]![1]
      assert.include(busy, { _tag: "DependencyUnavailable", reason: "it answered 503" })
    })
  )

  it.live("gives up on silence in time, also those that waited for a connection, and says that nobody knows", () =>
    Effect.gen(function* () {
      const silent = yield* captureAt(() => undefined, 12)
      for (const [took, error] of silent) {
        assert.strictEqual(error._tag, "OutcomeUnknown")
        assert.isBelow(Duration.toMillis(took), 1_500)
      }
    })
  )

  it.live("takes no answer that is out of contract for a capture", () =>
    Effect.gen(function* () {
      const answers = ["", "null", '{"status":"captured"}', "x".repeat(100_000)]
      for (const text of answers) {
        const error = (yield* captureAt((_, response) => response.writeHead(200).end(text)))[0]![1]
        assert.include(["GatewayRefused", "DependencyUnavailable"], error._tag)
      }
    })
  )
})
