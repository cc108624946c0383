import { Context, type Duration, type Effect, type Option, Schema } from "effect"

/** The object store did not do it; trying again may help. */
export class ObjectStoreUnavailable extends Schema.TaggedError<ObjectStoreUnavailable>()("ObjectStoreUnavailable", {
  reason: Schema.String
}) {}

/** Objects by key (`receipts/2026/…/id.html`). Putting the same key again overwrites. Adapters: disk here, S3 later. */
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
>()("@flowforge/platform/ObjectStore") {}
