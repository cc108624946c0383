import { Effect, Layer, Logger, type LogLevel, References } from "effect"
import type { Misconfigured, ValueOf } from "../settings/index.ts"
import { telemetry } from "./config.ts"
import { jsonLogger, prettyLogger } from "./logger.ts"
import { layerTraces } from "./traces.ts"

const ratioOf = ({ ratio, sampler }: ValueOf<typeof telemetry>): number => {
  switch (sampler) {
    case "parentbased_always_on":
      return 1
    case "parentbased_always_off":
      return 0
    case "parentbased_traceidratio":
      return ratio
  }
}

const logsOf = (service: string, { format, level }: ValueOf<typeof telemetry>): Layer.Layer<never> => {
  const write = (line: string) => void process.stdout.write(line)
  const pretty = format === "pretty" || (format === "auto" && process.stdout.isTTY)
  const logger = pretty ? prettyLogger(service, write) : jsonLogger(service, write)
  return Layer.merge(Logger.layer([logger]), Layer.succeed(References.MinimumLogLevel, level as LogLevel.LogLevel))
}

/** Logs to standard output: JSON lines; for people on a terminal. */
export const layerLogs = (service: string): Layer.Layer<never, Misconfigured> =>
  Layer.unwrap(Effect.map(telemetry.read, (config) => logsOf(service, config)))

/** Logs, and traces to OTEL_EXPORTER_OTLP_ENDPOINT when it is set: without it no span is made. */
export const layerTelemetry = (service: string): Layer.Layer<never, Misconfigured> =>
  Layer.unwrap(
    Effect.map(telemetry.read, (config) => {
      const { endpoint, headers } = config
      return Layer.merge(
        logsOf(service, config),
        endpoint === undefined
          ? Layer.succeed(References.TracerEnabled, false)
          : layerTraces({ service, endpoint, ratio: ratioOf(config), ...(headers === undefined ? {} : { headers }) })
      )
    })
  )
