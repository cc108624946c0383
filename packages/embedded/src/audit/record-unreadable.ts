import { Schema } from "effect"

/** An outside record cannot be read. `message` says which, and what to do. */
export class RecordUnreadable extends Schema.TaggedError<RecordUnreadable>()("RecordUnreadable", {
  message: Schema.String
}) {}
