import { Context, type Duration, Effect } from "effect"

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
>()("@flowforge/platform/Cache") {}

export interface CacheEntry {
  readonly key: string
  readonly value: string
  readonly timeToLive: Duration.Duration
}
