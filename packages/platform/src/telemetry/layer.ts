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

/** Whether the log is read by people, at a terminal, or collected: LOG_FORMAT decides, or where standard output leads. */
export const isForPeople: Effect.Effect<boolean, Misconfigured> = Effect.map(
  telemetry.read,
  ({ format }) => format === "pretty" || (format === "auto" && process.stdout.isTTY)
)

/** Logs to standard output: JSON lines, or for people. */
export const layerLogs = (service: string): Layer.Layer<never, Misconfigured> =>
  Layer.unwrap(
    Effect.gen(function* () {
      const { level } = yield* telemetry.read
      const write = (line: string) => void process.stdout.write(line)
      const logger = (yield* isForPeople) ? prettyLogger(service, write) : jsonLogger(service, write)
      return Layer.merge(Logger.layer([logger]), Layer.succeed(References.MinimumLogLevel, level as LogLevel.LogLevel))
    })
  )

/** Logs, and traces to OTEL_EXPORTER_OTLP_ENDPOINT when it is set: without it no span is made. */
export const layerTelemetry = (service: string): Layer.Layer<never, Misconfigured> =>
  Layer.merge(
    layerLogs(service),
    Layer.unwrap(
      Effect.map(telemetry.read, (config) => {
        const { endpoint, headers } = config
        return endpoint === undefined
          ? Layer.succeed(References.TracerEnabled, false)
          : layerTraces({ service, endpoint, ratio: ratioOf(config), ...(headers === undefined ? {} : { headers }) })
      })
    )
  )
