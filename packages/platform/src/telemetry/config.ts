import { Config, Option, Schema } from "effect"
import { httpUrl } from "../config.ts"

/** What every process reads for its logs and traces. The names of the latter are OpenTelemetry's own. */
export const telemetryConfig = Config.all({
  level: Config.Literals(["Trace", "Debug", "Info", "Warn", "Error"], "LOG_LEVEL").pipe(Config.withDefault("Info")),
  /** `auto` is pretty on a terminal and JSON elsewhere. */
  format: Config.Literals(["auto", "json", "pretty"], "LOG_FORMAT").pipe(Config.withDefault("auto")),
  /** Without it no span is made. */
  endpoint: httpUrl("OTEL_EXPORTER_OTLP_ENDPOINT").pipe(Config.option),
  /** `authorization=Bearer%20…,x-team=orders`. */
  headers: Config.Record(Schema.String, Schema.StringFromUriComponent, "OTEL_EXPORTER_OTLP_HEADERS").pipe(
    Config.option,
    Config.map(Option.getOrUndefined)
  ),
  sampler: Config.Literals(
    ["parentbased_always_on", "parentbased_traceidratio", "parentbased_always_off"],
    "OTEL_TRACES_SAMPLER"
  ).pipe(Config.withDefault("parentbased_always_on")),
  /** The part of new traces that is kept, with `parentbased_traceidratio`. */
  ratio: Config.schema(
    Schema.FiniteFromString.check(Schema.isBetween({ minimum: 0, maximum: 1 })),
    "OTEL_TRACES_SAMPLER_ARG"
  ).pipe(Config.withDefault(1))
})
