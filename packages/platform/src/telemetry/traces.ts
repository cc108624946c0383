import { Effect, Layer, Random, Tracer } from "effect"
import { FetchHttpClient, HttpClient } from "effect/http"
import { OtlpExporter, OtlpSerialization, OtlpTracer } from "effect/observability"
import { sampled } from "./sampling.ts"

/** How long one export may take. After a failure nothing is exported for a minute, and what ended meanwhile is lost. */
const EXPORT_BUDGET = "3 seconds"
/** How long shutting down waits for the last export. */
const SHUTDOWN_BUDGET = "1 second"

/** An endpoint that hangs is given up, not asked again: batches would pile up behind it. */
const layerClient = Layer.effect(
  HttpClient.HttpClient,
  Effect.map(
    HttpClient.HttpClient,
    HttpClient.transformResponse((response) =>
      Effect.timeoutOrElse(response, {
        duration: EXPORT_BUDGET,
        orElse: () => Effect.die(new Error("the OTLP endpoint does not answer"))
      })
    )
  )
).pipe(Layer.provide(FetchHttpClient.layer))

/** Sends the spans of the traces that are kept to an OTLP endpoint, as JSON, in batches, beside the work. */
export const layerTraces = (options: {
  readonly service: string
  readonly endpoint: string
  readonly headers?: Readonly<Record<string, string>>
  /** The part of the traces that begin here which is kept. */
  readonly ratio: number
}): Layer.Layer<never> =>
  Layer.effect(
    Tracer.Tracer,
    Effect.gen(function* () {
      const random = yield* Random.Random
      const tracer = yield* OtlpTracer.make({
        url: `${options.endpoint}/v1/traces`,
        headers: options.headers,
        resource: { serviceName: options.service },
        shutdownTimeout: SHUTDOWN_BUDGET
      })
      return sampled(tracer, { ratio: options.ratio, nextDouble: () => random.nextDoubleUnsafe() })
    })
  ).pipe(Layer.provide([OtlpExporter.layerFlusher, OtlpSerialization.layerJson, layerClient]))
