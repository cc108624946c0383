import { Cause, Config } from "effect"

const at = /at \["(?<variable>\w+)"\]/u

/** An expected failure says what to do; anything else is ours, and comes with where it happened. */
export const explain = (cause: Cause.Cause<unknown>): string => {
  const error = Cause.squash(cause)
  if (error instanceof Config.ConfigError) {
    const variable = at.exec(error.message)?.groups?.["variable"] ?? "A variable"
    const expected = /Expected ([^\n]*)/u.exec(error.message)?.[1] ?? "something else"
    return `${variable} is wrong: expected ${expected}. "npm start -- --help" lists the variables.`
  }
  return cause.reasons.some(({ _tag }) => _tag === "Die") || !(error instanceof Error)
    ? Cause.pretty(cause)
    : error.message
}
