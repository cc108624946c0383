import { assert, describe, it } from "@effect/vitest"
import { layerTelemetry } from "@flowforge/platform/telemetry"
import { ConfigProvider, Effect, Layer, References } from "effect"

const build = (environment: object) =>
  Effect.scoped(Layer.build(layerTelemetry("order"))).pipe(
    Effect.provideService(ConfigProvider.ConfigProvider, ConfigProvider.fromEnv({ env: { ...environment } }))
  )

describe("telemetry's configuration", () => {
  it.effect.each([
    ["LOG_LEVEL", { LOG_LEVEL: "loud" }],
    ["LOG_FORMAT", { LOG_FORMAT: "xml" }],
    ["OTEL_EXPORTER_OTLP_ENDPOINT", { OTEL_EXPORTER_OTLP_ENDPOINT: "collector" }],
    ["OTEL_TRACES_SAMPLER", { OTEL_TRACES_SAMPLER: "sometimes" }],
    ["OTEL_TRACES_SAMPLER_ARG", { OTEL_TRACES_SAMPLER_ARG: "1.5" }]
  ] as const)("stops the start and names %s when it is wrong", ([name, environment]) =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(build(environment))
      assert.include(error.message, name)
    })
  )

  it.effect("makes no span without an endpoint", () =>
    Effect.gen(function* () {
      assert.isFalse(yield* References.TracerEnabled)
      const span = yield* Effect.currentSpan.pipe(Effect.withSpan("work"))
      assert.strictEqual(span.spanId, "noop")
    }).pipe(
      Effect.provide(layerTelemetry("order")),
      Effect.provideService(ConfigProvider.ConfigProvider, ConfigProvider.fromEnv({ env: {} }))
    )
  )

  it.effect("logs from the level on that LOG_LEVEL names", () =>
    Effect.gen(function* () {
      assert.strictEqual(yield* References.MinimumLogLevel, "Warn")
    }).pipe(
      Effect.provide(layerTelemetry("order")),
      Effect.provideService(ConfigProvider.ConfigProvider, ConfigProvider.fromEnv({ env: { LOG_LEVEL: "Warn" } }))
    )
  )
})
