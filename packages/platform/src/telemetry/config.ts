import { Config, Schema } from "effect"
import { all, choice, optional, optionalAddress, variable } from "../settings/index.ts"

/** `authorization=Bearer%20…,x-team=orders`. */
const pairs = (name: string) => Config.Record(Schema.String, Schema.StringFromUriComponent, name)
const PAIRS = "name=value, with commas between several, and values URL-encoded"

const Ratio = Schema.FiniteFromString.check(Schema.isBetween({ minimum: 0, maximum: 1 }))

/** What every process reads for its logs and traces. The names of the latter are OpenTelemetry's own. */
export const telemetry = all({
  level: choice("LOG_LEVEL", ["Trace", "Debug", "Info", "Warn", "Error"], "from which level on is logged", "Info"),
  format: choice(
    "LOG_FORMAT",
    ["auto", "json", "pretty"],
    "how it is logged; auto is pretty on a terminal and JSON elsewhere",
    "auto"
  ),
  endpoint: optionalAddress("OTEL_EXPORTER_OTLP_ENDPOINT", {
    means: "the collector, such as http://localhost:4318; traces go to /v1/traces below it",
    absence: "no span is made"
  }),
  headers: optional("OTEL_EXPORTER_OTLP_HEADERS", {
    parse: pairs,
    expects: PAIRS,
    means: `what the collector is told with each request: ${PAIRS}`,
    absence: "nothing"
  }),
  /** Read by Effect itself. */
  attributes: optional("OTEL_RESOURCE_ATTRIBUTES", {
    parse: pairs,
    expects: PAIRS,
    means: `what is added to every span's resource: ${PAIRS}`,
    absence: "nothing"
  }),
  sampler: choice(
    "OTEL_TRACES_SAMPLER",
    ["parentbased_always_on", "parentbased_traceidratio", "parentbased_always_off"],
    "which new traces are kept: all, the part below, or only what a caller wants",
    "parentbased_always_on"
  ),
  ratio: variable("OTEL_TRACES_SAMPLER_ARG", {
    parse: (name) => Config.schema(Ratio, name),
    expects: "a number from 0 to 1",
    means:
      "the part, 0 to 1. Keeping everything costs CPU with every order: at hundreds of orders a second 0.01 shows enough",
    fallback: "1"
  })
})
