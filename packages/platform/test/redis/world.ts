import { Cache } from "@flowforge/platform"
import { layerRedis, type RedisOptions } from "@flowforge/platform/redis"
import { eventually } from "@flowforge/testkit"
import { Context, Duration, Effect, Layer, Logger, Metric } from "effect"

export const entry = (key: string, value = key) => ({ key, value, timeToLive: Duration.minutes(1) })

/** A cache in Redis, what it logs and what it counts. */
export const openCache = (options: RedisOptions) =>
  Effect.gen(function* () {
    const lines: Array<string> = []
    const registry: Metric.MetricRegistry = new Map()
    const context = yield* Layer.build(layerRedis(options)).pipe(
      Effect.provide(Logger.layer([Logger.map(Logger.formatLogFmt, (line) => void lines.push(line))])),
      Effect.provideService(Metric.MetricRegistry, registry)
    )
    const cache = Context.get(context, Cache)
    const said = (text: string) =>
      eventually(
        `the log says ${text}`,
        Effect.sync(() => lines.some((line) => line.includes(text)))
      )
    return { cache, lines, registry, said, works: eventually("the cache works", works(cache)) }
  })

const works = (cache: Cache["Service"]) =>
  Effect.gen(function* () {
    yield* cache.set([entry("probe")])
    return (yield* cache.get(["probe"]))[0] === "probe"
  })

/** What 300 requests, one each 3 ms, cost: milliseconds in the mean and the slowest. */
export const costOf = (cache: Cache["Service"]) =>
  Effect.gen(function* () {
    const costs: Array<number> = []
    for (let request = 0; request < 300; request++) {
      const before = performance.now()
      yield* cache.get(["a", "b"])
      costs.push(performance.now() - before)
      yield* Effect.sleep("3 millis")
    }
    return { mean: costs.reduce((sum, cost) => sum + cost, 0) / costs.length, slowest: Math.max(...costs) }
  })

export const errorsIn = (registry: Metric.MetricRegistry) =>
  Effect.map(
    Effect.provideService(Metric.snapshot, Metric.MetricRegistry, registry),
    (all) => all.find(({ id }) => id === "flowforge_cache_errors_total")?.state as { count: number } | undefined
  )
