import { Schema } from "effect"

/** PostgreSQL could not be started. `message` says why and what to do. */
export class EmbeddedPostgresError extends Schema.TaggedError<EmbeddedPostgresError>()("EmbeddedPostgresError", {
  message: Schema.String
}) {}

/** Puts what to do before what PostgreSQL said, where we know. */
export const explain = (said: string): string => {
  if (/no space left|wrote only \d+ of \d+ bytes/iu.test(said)) {
    return `the disk is full. Free some space (PostgreSQL needs about 300 MB) and start again.\n${said}`
  }
  if (/permission denied/iu.test(said)) {
    return `a folder may not be entered or written. Check its permissions, or set FLOWFORGE_DATA to another one.\n${said}`
  }
  return said
}
