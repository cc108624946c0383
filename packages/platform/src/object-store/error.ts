import { Schema } from "effect"

/** The object store did not do it; trying again may help. */
export class ObjectStoreUnavailable extends Schema.TaggedError<ObjectStoreUnavailable>()("ObjectStoreUnavailable", {
  reason: Schema.String
}) {}
