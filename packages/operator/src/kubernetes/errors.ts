import { Schema } from "effect"

/** The API server answered, and said no. `reason` is its word for it: NotFound, Conflict, Invalid, Forbidden. */
export class Refused extends Schema.TaggedError<Refused>()("Refused", {
  status: Schema.Int,
  reason: Schema.String,
  message: Schema.String
}) {}

/** The API server cannot be reached, or cannot answer now. Trying again helps. */
export class Unavailable extends Schema.TaggedError<Unavailable>()("Unavailable", {
  message: Schema.String
}) {}

export type KubernetesError = Refused | Unavailable

const BUSY = 429

/** What an answer that is not a success says. */
export const errorOf = (status: number, body: string): KubernetesError => {
  let told: { readonly reason?: string; readonly message?: string } = {}
  try {
    told = JSON.parse(body)
  } catch {
    // A proxy in between answers in its own words.
  }
  const message = told.message ?? `HTTP ${status}: ${body.slice(0, 200)}`
  return status >= 500 || status === BUSY
    ? new Unavailable({ message })
    : new Refused({ status, reason: told.reason ?? "Unknown", message })
}
