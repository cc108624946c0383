import { assert, describe, it } from "@effect/vitest"
import { layerTelemetry } from "@flowforge/platform/telemetry"
import { type ReceivedSpan, startTraceCollector } from "@flowforge/testkit"
import { ConfigProvider, Effect, Exit, Layer, Scope, Tracer } from "effect"

/** Runs with traces to this collector, and ends when they have been sent. */
const traced = <A, E>(url: string, effect: Effect.Effect<A, E>, environment: Record<string, string> = {}) =>
  effect.pipe(
    Effect.provide(layerTelemetry("flowforge")),
    Effect.provideService(
      ConfigProvider.ConfigProvider,
      ConfigProvider.fromEnv({ env: { OTEL_EXPORTER_OTLP_ENDPOINT: url, LOG_LEVEL: "Error", ...environment } })
    )
  )

const request = Effect.void.pipe(
  Effect.withSpan("SELECT", { kind: "client" }),
  Effect.withSpan("Orders.place"),
  Effect.withSpan("POST /orders", { kind: "server" })
)

const namesOf = (spans: ReadonlyArray<ReceivedSpan>) => spans.map(({ name }) => name)

const from = (flag: { readonly sampled: boolean }) =>
  Tracer.externalSpan({ traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331", ...flag })

describe("traces", () => {
  it.live("arrive as one picture: every span below the one it was made in", () =>
    Effect.gen(function* () {
      const { requests, spans, url } = yield* startTraceCollector()
      yield* traced(url, request, { OTEL_EXPORTER_OTLP_HEADERS: "x-team=orders%20and%20more" })
      assert.deepStrictEqual(namesOf(spans), ["SELECT", "Orders.place", "POST /orders"])
      const [select, place, root] = spans
      assert.isUndefined(root!.parent)
      assert.strictEqual(place!.parent, root!.spanId)
      assert.strictEqual(select!.parent, place!.spanId)
      assert.strictEqual(new Set(spans.map(({ traceId }) => traceId)).size, 1)
      assert.strictEqual(requests[0]!.url, "/v1/traces")
      assert.strictEqual(requests[0]!.headers["x-team"], "orders and more")
    })
  )

  it.live("begin with a request or a message, not with what the system does by itself", () =>
    Effect.gen(function* () {
      const { spans, url } = yield* startTraceCollector()
      const poll = Effect.void.pipe(Effect.withSpan("SELECT", { kind: "client" }))
      const job = poll.pipe(Effect.withSpan("Sweeper.sweep"))
      const delivery = Effect.void.pipe(Effect.withSpan("process order.created", { kind: "consumer" }))
      yield* traced(url, Effect.all([poll, job, delivery]))
      assert.deepStrictEqual(namesOf(spans), ["process order.created"])
    })
  )

  it.live("are kept or left whole, in the ratio asked for", () =>
    Effect.gen(function* () {
      const { spans, url } = yield* startTraceCollector()
      const requests = Effect.forEach(Array.from({ length: 400 }), () => request)
      yield* traced(url, requests, {
        OTEL_TRACES_SAMPLER: "parentbased_traceidratio",
        OTEL_TRACES_SAMPLER_ARG: "0.25"
      })
      const traces = Map.groupBy(spans, ({ traceId }) => traceId)
      assert.isAbove(traces.size, 60)
      assert.isBelow(traces.size, 140)
      for (const [, trace] of traces) assert.strictEqual(trace.length, 3)
    })
  )

  it.live("go on as the caller decided, whatever the sampler", () =>
    Effect.gen(function* () {
      const { spans, url } = yield* startTraceCollector()
      const delivery = (parent: Tracer.ExternalSpan, name: string) =>
        Effect.void.pipe(Effect.withSpan(name, { kind: "consumer", parent }))
      const both = Effect.all([delivery(from({ sampled: true }), "kept"), delivery(from({ sampled: false }), "left")])
      yield* traced(url, both, { OTEL_TRACES_SAMPLER: "parentbased_always_off" })
      yield* traced(url, both, { OTEL_TRACES_SAMPLER: "parentbased_always_on" })
      assert.deepStrictEqual(namesOf(spans), ["kept", "kept"])
      assert.strictEqual(spans[0]!.parent, "b7ad6b7169203331")
    })
  )

  it.live("to a collector that hangs hold neither the work up nor the shutdown", () =>
    Effect.gen(function* () {
      const { requests, url } = yield* startTraceCollector({ answers: false })
      const scope = yield* Scope.make()
      const context = yield* Layer.buildWithScope(layerTelemetry("flowforge"), scope).pipe(
        Effect.provideService(
          ConfigProvider.ConfigProvider,
          ConfigProvider.fromEnv({ env: { OTEL_EXPORTER_OTLP_ENDPOINT: url, LOG_LEVEL: "Error" } })
        )
      )
      // Beyond a batch, so that an export is under way while the work goes on.
      yield* Effect.forEach(Array.from({ length: 1_000 }), () => request).pipe(Effect.provideContext(context))
      const startedAt = performance.now()
      yield* Scope.close(scope, Exit.void)
      assert.isBelow(performance.now() - startedAt, 2_500)
      assert.isAbove(requests.length, 0, "the collector was asked, or the test shows nothing")
    })
  )

  it.live("to a collector that is away leave the work as it is", () =>
    Effect.gen(function* () {
      assert.strictEqual(yield* traced("http://127.0.0.1:1", Effect.as(request, "done")), "done")
    })
  )
})
