import { assert, describe, it } from "@effect/vitest"
import {
  healthRoutes,
  layerHealthRoutes,
  layerMetricsRoutes,
  layerServe,
  listen,
  metricsRoutes
} from "@flowforge/platform/http"
import { eventually } from "@flowforge/testkit"
import { Effect, Layer, Metric } from "effect"
import { ask } from "./notes.ts"

type Checks = Record<string, Effect.Effect<unknown, unknown>>

const served = Effect.fnUntraced(function* (readiness: Checks = {}, liveness: Checks = {}) {
  const listener = yield* listen({ port: 0, variable: "MANAGEMENT_PORT" })
  yield* Layer.build(
    layerServe(listener, {
      known: [...healthRoutes, ...metricsRoutes],
      routes: Layer.mergeAll(
        layerHealthRoutes({ version: { name: "flowforge", version: "1.2.3" }, readiness, liveness }),
        layerMetricsRoutes
      )
    })
  ).pipe(Effect.provideService(Metric.MetricRegistry, new Map()))
  return `http://127.0.0.1:${listener.port}`
})

/** The value of a metric without labels. */
const valueOf = (text: string, name: string): number =>
  Number(new RegExp(`^${name} (\\S+)$`, "mu").exec(text)?.[1] ?? Number.NaN)

describe("health", () => {
  it.live("is alive whatever fails, and ready only while nothing does", () =>
    Effect.gen(function* () {
      let isAway = false
      const postgres = Effect.suspend(() => (isAway ? Effect.fail("refused") : Effect.void))
      const url = yield* served({ postgres, disk: Effect.void })
      const ready = yield* ask(`${url}/health/ready`)
      assert.deepStrictEqual(
        [ready.status, ready.body],
        [200, { status: "ready", checks: { postgres: "ok", disk: "ok" } }]
      )
      isAway = true
      const unready = yield* ask(`${url}/health/ready`)
      assert.deepStrictEqual(
        [unready.status, unready.headers.get("retry-after"), unready.body],
        [503, "1", { status: "not ready", checks: { postgres: "failing", disk: "ok" } }]
      )
      assert.strictEqual((yield* ask(`${url}/health/live`)).status, 204)
      isAway = false
      assert.strictEqual((yield* ask(`${url}/health/ready`)).status, 200)
    })
  )

  it.live("does not wait for a check that hangs or dies", () =>
    Effect.gen(function* () {
      const url = yield* served({ hangs: Effect.never, dies: Effect.die("broken") })
      const answer = yield* ask(`${url}/health/ready`)
      assert.deepStrictEqual([answer.status, answer.body.checks], [503, { hangs: "failing", dies: "failing" }])
    })
  )

  it.live("says why it does not live, which readiness does not tell everybody", () =>
    Effect.gen(function* () {
      let isStuck = true
      const progress = Effect.suspend(() => (isStuck ? Effect.fail(new Error("a batch does not end")) : Effect.void))
      const url = yield* served({ progress }, { progress, disk: Effect.void })
      const dead = yield* ask(`${url}/health/live`)
      assert.deepStrictEqual(
        [dead.status, dead.body],
        [503, { status: "not alive", checks: { progress: "a batch does not end", disk: "ok" } }]
      )
      assert.deepStrictEqual((yield* ask(`${url}/health/ready`)).body.checks, { progress: "failing" })
      isStuck = false
      assert.strictEqual((yield* ask(`${url}/health/live`)).status, 204)
    })
  )

  it.live("says which version answers", () =>
    Effect.gen(function* () {
      const { body } = yield* ask(`${yield* served()}/version`)
      assert.deepStrictEqual([body.name, body.version, body.node], ["flowforge", "1.2.3", process.version])
      assert.isBelow(Date.now() - Date.parse(body.started_at), 60_000)
    })
  )
})

describe("the metrics of the process", () => {
  it.live("count the CPU it uses, once", () =>
    Effect.gen(function* () {
      const url = yield* served()
      const before = valueOf((yield* ask(`${url}/metrics`)).body, "process_cpu_seconds_total")
      const burnt = process.cpuUsage()
      while (process.cpuUsage(burnt).user < 200_000) Math.sqrt(before)
      const after = valueOf((yield* ask(`${url}/metrics`)).body, "process_cpu_seconds_total")
      assert.isAtLeast(after - before, 0.2)
      const { system, user } = process.cpuUsage()
      assert.isAtMost(after, (system + user) / 1e6)
    })
  )

  it.live("say how much memory it has and when it started", () =>
    Effect.gen(function* () {
      const { body } = yield* ask(`${yield* served()}/metrics`)
      const memory = valueOf(body, "process_resident_memory_bytes")
      assert.isTrue(memory > 10e6 && memory < 10e9, String(memory))
      assert.isTrue(valueOf(body, "nodejs_heap_size_used_bytes") < memory)
      assert.closeTo(valueOf(body, "process_start_time_seconds"), performance.timeOrigin / 1000, 1)
    })
  )

  it.live("tell when the event loop was held up, and forget it after", () =>
    Effect.gen(function* () {
      const worst = Effect.map(ask(`${yield* served()}/metrics`), ({ body }) =>
        valueOf(body, "nodejs_eventloop_lag_max_seconds")
      )
      const holdUp = Effect.sync(() => {
        const until = performance.now() + 300
        while (performance.now() < until) Math.sqrt(until)
      })
      // The first round after a reading only starts the watch.
      const isSeen = Effect.sleep("100 millis").pipe(
        Effect.andThen(holdUp),
        Effect.andThen(Effect.sleep("1 millis")),
        Effect.andThen(worst)
      )
      yield* eventually(
        "the delay is seen",
        Effect.map(isSeen, (seconds) => seconds > 0.2 && seconds < 20)
      )
      yield* eventually(
        "and forgotten",
        Effect.map(worst, (seconds) => seconds < 0.2)
      )
    })
  )
})
