import { Cause, DateTime, Effect, Layer } from "effect"
import { HttpRouter, HttpServerResponse } from "effect/http"
import { PrometheusMetrics } from "effect/observability"
import { measureProcess } from "../telemetry/process-metrics.ts"
import type { KnownRoute } from "./methods.ts"

/** What must hold for a process to be of use, by name. */
export type ReadinessChecks = Readonly<Record<string, Effect.Effect<unknown, unknown>>>

export interface Version {
  readonly name: string
  readonly version: string
}

const CHECK_BUDGET = "1 second"

/** The public port tells nobody why: what is said there is known to all. */
const check = (checks: ReadinessChecks, tell: (error: unknown) => string = () => "failing") =>
  Effect.forEach(
    Object.entries(checks),
    ([name, probe]) =>
      probe.pipe(
        Effect.timeout(CHECK_BUDGET),
        Effect.as([name, "ok"] as const),
        Effect.catchCause((cause) => Effect.succeed([name, tell(Cause.squash(cause))] as const))
      ),
    { concurrency: "unbounded" }
  )

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : "failing")

const get = (path: `/${string}`): KnownRoute => ({ method: "GET", path })

/** The addresses of {@link layerHealthRoutes}. */
export const healthRoutes: ReadonlyArray<KnownRoute> = [get("/health/live"), get("/health/ready"), get("/version")]

/**
 * `/health/live`, `/health/ready` (with what fails), `/version`: on both ports. Answering at all shows that the event loop
 * turns; `liveness` says what else a process cannot live without, and nothing that a restart would not mend. Why that is missing is
 * answered, and with `explains` why a process is not ready: both are for ports that not everybody reaches.
 */
export const layerHealthRoutes = (options: {
  readonly version: Version
  readonly readiness: ReadinessChecks
  readonly liveness?: ReadinessChecks
  readonly explains?: boolean
}) =>
  HttpRouter.use(
    Effect.fnUntraced(function* (router) {
      const startedAt = DateTime.formatIso(yield* DateTime.now)
      yield* router.add(
        "GET",
        "/health/live",
        Effect.map(check(options.liveness ?? {}, reasonOf), (results) =>
          results.every(([, result]) => result === "ok")
            ? HttpServerResponse.empty({ status: 204 })
            : HttpServerResponse.jsonUnsafe(
                { status: "not alive", checks: Object.fromEntries(results) },
                { status: 503 }
              )
        )
      )
      yield* router.add(
        "GET",
        "/health/ready",
        Effect.map(check(options.readiness, options.explains === true ? reasonOf : undefined), (results) => {
          const isReady = results.every(([, result]) => result === "ok")
          return HttpServerResponse.jsonUnsafe(
            { status: isReady ? "ready" : "not ready", checks: Object.fromEntries(results) },
            isReady ? { status: 200 } : { status: 503, headers: { "retry-after": "1" } }
          )
        })
      )
      yield* router.add(
        "GET",
        "/version",
        HttpServerResponse.jsonUnsafe({ ...options.version, node: process.version, started_at: startedAt })
      )
    })
  )

/** The addresses of {@link layerMetricsRoutes}. */
export const metricsRoutes: ReadonlyArray<KnownRoute> = [get("/metrics")]

/** `/metrics` for Prometheus, those of the process among them: on the management port. */
export const layerMetricsRoutes: Layer.Layer<never, never, HttpRouter.HttpRouter> = HttpRouter.use(
  Effect.fnUntraced(function* (router) {
    const readProcess = yield* measureProcess
    yield* router.add(
      "GET",
      "/metrics",
      readProcess.pipe(
        Effect.andThen(PrometheusMetrics.format()),
        Effect.map((text) => HttpServerResponse.text(text, { contentType: "text/plain; version=0.0.4; charset=utf-8" }))
      )
    )
  })
)
