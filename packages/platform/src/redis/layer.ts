import { Duration, Effect, Layer } from "effect"
import type { ChainableCommander, Redis } from "ioredis"
import { Cache, type CacheEntry } from "../cache.ts"
import { makeBreaker } from "./breaker.ts"
import { makeClient, type RedisOptions } from "./client.ts"

/**
 * The cache in a Redis. It is built whether there is one or not; while there is none it reads as empty, at no more than
 * the price of asking a flag.
 */
export const layerRedis = (options: RedisOptions): Layer.Layer<Cache> =>
  Layer.effect(
    Cache,
    Effect.gen(function* () {
      const client = yield* Effect.acquireRelease(
        Effect.sync(() => makeClient(options)),
        (client) => Effect.sync(() => client.disconnect())
      )
      const { attempt } = yield* makeBreaker(client)
      const write = (entries: ReadonlyArray<CacheEntry>, how: "NX" | "") =>
        entries.length === 0
          ? Effect.void
          : Effect.asVoid(
              attempt(
                () =>
                  runAll(client, (pipeline) => entries.forEach((entry) => pipeline.call(...setCommand(entry, how)))),
                entries.map(({ key }) => key)
              )
            )
      return Cache.of({
        get: (keys) =>
          keys.length === 0
            ? Effect.succeed([])
            : Effect.map(
                attempt(() => client.mget([...keys])),
                (found) => keys.map((_, index) => found?.[index] ?? undefined)
              ),
        set: (entries) => write(entries, ""),
        fill: (entries) => write(entries, "NX"),
        remove: (keys) =>
          keys.length === 0 ? Effect.void : Effect.asVoid(attempt(() => client.unlink([...keys]), keys))
      })
    })
  )

const setCommand = ({ key, timeToLive, value }: CacheEntry, how: "NX" | ""): [string, ...ReadonlyArray<string>] => {
  const milliseconds = Math.max(1, Math.ceil(Duration.toMillis(timeToLive)))
  return ["SET", key, value, "PX", String(milliseconds), ...(how === "" ? [] : [how])]
}

/** One round trip. A pipeline succeeds with the failures of its commands inside: the first is the whole's. */
const runAll = async (client: Redis, fill: (pipeline: ChainableCommander) => void): Promise<void> => {
  const pipeline = client.pipeline()
  fill(pipeline)
  for (const [error] of (await pipeline.exec()) ?? []) if (error !== null) throw error
}
