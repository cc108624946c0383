import { Schema } from "effect"

/** PostgreSQL could not be started. `message` says why and what to do. */
export class EmbeddedPostgresError extends Schema.TaggedError<EmbeddedPostgresError>()("EmbeddedPostgresError", {
  message: Schema.String
}) {}
