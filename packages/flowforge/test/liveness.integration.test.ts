import { assert, describe, it } from "@effect/vitest"
import { Topics } from "@flowforge/contracts"
import { Broker, type Subscription } from "@flowforge/messaging"
import { layer as layerMemory } from "@flowforge/messaging/memory"
import { listen } from "@flowforge/platform/http"
import { layerTestDatabase } from "@flowforge/testkit"
import { Duration, Effect, Layer } from "effect"
import { layerWorkerManagement } from "../src/http.ts"
import { Progress } from "../src/progress.ts"

const aliveAt = (port: number) =>
  Effect.promise(async () => {
    const answer = await fetch(`http://127.0.0.1:${port}/health/live`)
    return { status: answer.status, text: await answer.text() }
  })

describe("the management port of a worker", () => {
  it.live("says at /health/live which group stands still, for as long as it does", () => {
    let state: Effect.Success<Subscription["state"]> = "running"
    const layerBroker = Layer.effect(
      Broker,
      Effect.map(Broker, (broker) => ({
        ...broker,
        subscribe: (options) =>
          Effect.map(broker.subscribe(options), (subscription) => ({
            ...subscription,
            state: Effect.sync(() => state)
          }))
      }))
    ).pipe(Layer.provide(layerMemory))
    return Effect.gen(function* () {
      const listener = yield* listen({ host: "127.0.0.1", port: 0, variable: "MANAGEMENT_PORT" })
      const progress = yield* Progress
      yield* Layer.build(layerWorkerManagement(listener, { process: "payment", progress }))
      const broker = yield* Broker
      const topics = [Topics.orderCreated]
      yield* broker.subscribe({
        group: "payment",
        topics,
        maxBatch: 1,
        linger: Duration.zero,
        handle: () => Effect.void
      })
      assert.strictEqual((yield* aliveAt(listener.port)).status, 204)
      state = "stalled"
      const { status, text } = yield* aliveAt(listener.port)
      assert.strictEqual(status, 503)
      assert.deepStrictEqual(JSON.parse(text), {
        status: "not alive",
        checks: { progress: "records wait for the group payment, and none is handled" }
      })
      state = "running"
      assert.strictEqual((yield* aliveAt(listener.port)).status, 204)
    }).pipe(
      Effect.provide(Layer.mergeAll(Progress.layer.pipe(Layer.provide(layerBroker)), layerTestDatabase)),
      Effect.scoped
    )
  })
})
