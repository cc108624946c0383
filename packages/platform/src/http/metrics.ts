import { Clock, Effect, Metric } from "effect"
import { HttpServerRequest, type HttpServerResponse } from "effect/http"
import { type KnownRoute, makeTemplateOf } from "./methods.ts"

const requests = Metric.counter("flowforge_http_requests_total", {
  description: "HTTP requests answered",
  incremental: true
})
const durations = Metric.histogram("flowforge_http_request_duration_seconds", {
  description: "Time from the request to its answer",
  boundaries: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
})

/** Counts and times requests by route template: a label for each order would grow without bound. */
export const measured = (known: ReadonlyArray<KnownRoute>) => {
  const templateOf = makeTemplateOf(known)
  const series = new Map<string, ReturnType<typeof makeSeries>>()
  const seriesOf = (method: string, route: string, status: number) => {
    const name = `${method} ${route} ${status}`
    let found = series.get(name)
    if (found === undefined) {
      found = makeSeries(method, route, status)
      series.set(name, found)
    }
    return found
  }
  return <E, R>(handler: Effect.Effect<HttpServerResponse.HttpServerResponse, E, R>) =>
    Effect.gen(function* () {
      const request = yield* HttpServerRequest.HttpServerRequest
      const startedAt = yield* Clock.currentTimeMillis
      const response = yield* handler
      const { count, duration } = seriesOf(
        request.method,
        templateOf(request.url.split("?", 1)[0]!) ?? "other",
        response.status
      )
      yield* Metric.update(count, 1)
      yield* Metric.update(duration, ((yield* Clock.currentTimeMillis) - startedAt) / 1000)
      return response
    })
}

const makeSeries = (method: string, route: string, status: number) => ({
  count: Metric.withAttributes(requests, { method, route, status: String(status) }),
  duration: Metric.withAttributes(durations, { method, route })
})
