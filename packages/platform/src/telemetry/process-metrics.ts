import { monitorEventLoopDelay } from "node:perf_hooks"
import { Effect, Metric, type Scope } from "effect"

// The names are those that dashboards for Node know.
const cpu = Metric.counter("process_cpu_seconds_total", {
  description: "User and system CPU time of the process",
  incremental: true
})
const memory = Metric.gauge("process_resident_memory_bytes", { description: "Memory of the process" })
const heap = Metric.gauge("nodejs_heap_size_used_bytes", { description: "What JavaScript holds of it" })
const startedAt = Metric.gauge("process_start_time_seconds", { description: "When the process started, since 1970" })
const lagMedian = Metric.gauge("nodejs_eventloop_lag_p50_seconds", {
  description: "How late the event loop was since the last reading, median"
})
const lagHigh = Metric.gauge("nodejs_eventloop_lag_p99_seconds", {
  description: "How late the event loop was since the last reading, 99th percentile"
})
const lagWorst = Metric.gauge("nodejs_eventloop_lag_max_seconds", {
  description: "How late the event loop was since the last reading, at worst"
})

/** How often the event loop is asked: milliseconds. By a timer below JavaScript, which costs next to nothing. */
const RESOLUTION = 50

/** Measures the process for as long as the scope is open; the effect it gives brings the metrics up to date. */
export const measureProcess: Effect.Effect<Effect.Effect<void>, never, Scope.Scope> = Effect.gen(function* () {
  const delay = yield* Effect.acquireRelease(
    Effect.sync(() => {
      const histogram = monitorEventLoopDelay({ resolution: RESOLUTION })
      histogram.enable()
      return histogram
    }),
    (histogram) => Effect.sync(() => histogram.disable())
  )
  // What is measured is the time between two timers: the lag is what it has beyond their distance. NaN before the first.
  const lag = (nanos: number): number => Math.max((nanos || 0) / 1e9 - RESOLUTION / 1000, 0)
  let cpuCounted = 0
  return Effect.suspend(() => {
    const { system, user } = process.cpuUsage()
    const cpuNow = (system + user) / 1e6
    const cpuSince = cpuNow - cpuCounted
    cpuCounted = cpuNow
    const { heapUsed, rss } = process.memoryUsage()
    const update = Effect.all([
      Metric.update(cpu, cpuSince),
      Metric.update(memory, rss),
      Metric.update(heap, heapUsed),
      Metric.update(startedAt, performance.timeOrigin / 1000),
      Metric.update(lagMedian, lag(delay.percentile(50))),
      Metric.update(lagHigh, lag(delay.percentile(99))),
      Metric.update(lagWorst, lag(delay.count === 0 ? 0 : delay.max))
    ])
    delay.reset()
    return Effect.asVoid(update)
  })
})
