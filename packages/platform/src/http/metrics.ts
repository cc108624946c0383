import type { ServerResponse } from "node:http"
import { type Context, Metric } from "effect"
import type { NodeHandler } from "./listener.ts"

const requests = Metric.counter("flowforge_http_requests_total", {
  description: "HTTP requests by what was answered; 499 where the client had gone",
  incremental: true
})
const durations = Metric.histogram("flowforge_http_request_duration_seconds", {
  description: "Time from a request's head to the end of its answer",
  boundaries: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
})

/** The status for a client that went away before its answer was ready. */
const CLIENT_GONE = 499

/** Counts and times requests by route template: a label for each order would grow without bound. */
export const measured = (
  handler: NodeHandler,
  options: {
    readonly templateOf: (path: string) => string | undefined
    readonly context: Context.Context<never>
  }
): NodeHandler => {
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
  return (request, response) => {
    const startedAt = performance.now()
    response.once("close", () => {
      const route = options.templateOf(request.url?.split("?", 1)[0] ?? "/") ?? "other"
      const { count, duration } = seriesOf(request.method ?? "GET", route, statusOf(response))
      count.updateUnsafe(1, options.context)
      duration.updateUnsafe((performance.now() - startedAt) / 1000, options.context)
    })
    handler(request, response)
  }
}

const statusOf = (response: ServerResponse): number => (response.writableEnded ? response.statusCode : CLIENT_GONE)

const makeSeries = (method: string, route: string, status: number) => ({
  count: Metric.withAttributes(requests, { method, route, status: String(status) }),
  duration: Metric.withAttributes(durations, { method, route })
})
