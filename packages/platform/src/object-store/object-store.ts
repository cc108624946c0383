import { Context, type Duration, Effect, Layer, type Option } from "effect"
import { type DiskOptions, makeDisk } from "./disk.ts"
import type { ObjectStoreUnavailable } from "./error.ts"
import { makeMemory } from "./memory.ts"

/** Objects by key (`receipts/2026-11-23/id.html`). Putting the same key again overwrites. Adapters: disk here, S3 later. */
export class ObjectStore extends Context.Service<
  ObjectStore,
  {
    readonly put: (object: {
      readonly key: string
      readonly body: Uint8Array
      readonly contentType: string
    }) => Effect.Effect<void, ObjectStoreUnavailable>
    readonly get: (key: string) => Effect.Effect<Option.Option<Uint8Array>, ObjectStoreUnavailable>
    /** An address that opens this one object for anybody who has it, until it expires. */
    readonly signedUrl: (key: string, expiresIn: Duration.Duration) => Effect.Effect<string, ObjectStoreUnavailable>
  }
>()("@flowforge/platform/ObjectStore") {
  /** Objects as files, opened through `layerObjectRoutes`. */
  static readonly layerDisk = (options: DiskOptions): Layer.Layer<ObjectStore> =>
    Layer.effect(ObjectStore, makeDisk(options))

  /** Keeps objects as long as the Layer lives. Its addresses open nothing. */
  static readonly layerMemory: Layer.Layer<ObjectStore> = Layer.sync(ObjectStore, makeMemory)

  /** Takes every object and keeps none: for benches of everything else. */
  static readonly layerInstant: Layer.Layer<ObjectStore> = Layer.sync(ObjectStore, () => ({
    ...makeMemory(),
    put: () => Effect.void
  }))
}
