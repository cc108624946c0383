import { Cause } from "effect"

/** An expected failure says what to do; anything else is ours, and comes with where it happened. */
export const explain = (cause: Cause.Cause<unknown>): string => {
  const error = Cause.squash(cause)
  return cause.reasons.some(({ _tag }) => _tag === "Die") || !(error instanceof Error)
    ? Cause.pretty(cause)
    : error.message
}
