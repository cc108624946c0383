import { Config, Effect, Layer, Logger, type LogLevel, Option, References } from "effect"
import { FetchHttpClient } from "effect/http"
import { OtlpSerialization, OtlpTracer } from "effect/observability"
import { jsonLogger, prettyLogger } from "./logger.ts"

const config = Config.all({
  level: Config.Literals(["Trace", "Debug", "Info", "Warn", "Error"], "LOG_LEVEL").pipe(Config.withDefault("Info")),
  format: Config.Literals(["auto", "json", "pretty"], "LOG_FORMAT").pipe(Config.withDefault("auto")),
  endpoint: Config.option(Config.NonEmptyString("OTEL_EXPORTER_OTLP_ENDPOINT"))
})

/**
 * Logs to standard output (JSON lines; for people on a terminal), and traces to OTEL_EXPORTER_OTLP_ENDPOINT when it is
 * set: without it no span is made.
 */
export const layerTelemetry = (service: string): Layer.Layer<never, Config.ConfigError> =>
  Layer.unwrap(
    Effect.map(config, ({ level, format, endpoint }) => {
      const write = (line: string) => void process.stdout.write(line)
      const pretty = format === "pretty" || (format === "auto" && process.stdout.isTTY)
      const logger = pretty ? prettyLogger(service, write) : jsonLogger(service, write)
      return Layer.mergeAll(
        Logger.layer([logger]),
        Layer.succeed(References.MinimumLogLevel, level as LogLevel.LogLevel),
        Option.match(endpoint, {
          onNone: () => Layer.succeed(References.TracerEnabled, false),
          onSome: (url) =>
            OtlpTracer.layer({
              url: `${url.replace(/\/$/u, "")}/v1/traces`,
              resource: { serviceName: service },
              shutdownTimeout: "1 second"
            }).pipe(Layer.provide([OtlpSerialization.layerJson, FetchHttpClient.layer]))
        })
      )
    })
  )
