import { Context } from "effect"
import { v7 } from "uuid"

/** Makes UUIDs v7, monotonic within the process. A reference, so that a test can replace it without wiring. */
export const Uuids = Context.Reference<{ readonly next: () => string }>("@flowforge/platform/Uuids", {
  defaultValue: () => ({ next: () => v7() })
})
