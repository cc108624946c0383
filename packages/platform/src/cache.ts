import { Clock, Context, Duration, Effect, Layer } from "effect"

/**
 * A cache of strings: a hint, never the truth. No operation fails: a cache that is away reads as empty. Adapters:
 * memory here, Redis later.
 */
export class Cache extends Context.Service<
  Cache,
  {
    readonly get: (keys: ReadonlyArray<string>) => Effect.Effect<ReadonlyArray<string | undefined>>
    /** Overwrites. */
    readonly set: (entries: ReadonlyArray<CacheEntry>) => Effect.Effect<void>
    /** Leaves what is there as it is (SET NX): what a reader fills in must not overwrite a newer write. */
    readonly fill: (entries: ReadonlyArray<CacheEntry>) => Effect.Effect<void>
    readonly remove: (keys: ReadonlyArray<string>) => Effect.Effect<void>
  }
>()("@flowforge/platform/Cache") {
  /** In this process's memory, the longest-kept entry making room when `maxEntries` is reached. */
  static readonly layerMemory = (maxEntries = 100_000): Layer.Layer<Cache> =>
    Layer.effect(
      Cache,
      Effect.gen(function* () {
        const clock = yield* Clock.Clock
        const entries = new Map<string, { readonly value: string; readonly until: number }>()
        const find = (key: string): string | undefined => {
          const entry = entries.get(key)
          if (entry === undefined) return undefined
          if (entry.until > clock.currentTimeMillisUnsafe()) return entry.value
          entries.delete(key)
          return undefined
        }
        const write = ({ key, value, timeToLive }: CacheEntry): void => {
          entries.delete(key)
          entries.set(key, { value, until: clock.currentTimeMillisUnsafe() + Duration.toMillis(timeToLive) })
          if (entries.size > maxEntries) entries.delete(entries.keys().next().value!)
        }
        return Cache.of({
          get: (keys) => Effect.sync(() => keys.map(find)),
          set: (all) => Effect.sync(() => all.forEach(write)),
          fill: (all) =>
            Effect.sync(() => {
              for (const entry of all) if (find(entry.key) === undefined) write(entry)
            }),
          remove: (keys) => Effect.sync(() => keys.forEach((key) => entries.delete(key)))
        })
      })
    )
}

export interface CacheEntry {
  readonly key: string
  readonly value: string
  readonly timeToLive: Duration.Duration
}
