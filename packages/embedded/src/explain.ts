import { Cause, Config } from "effect"
import { SqlError } from "effect/sql"

const at = /at \["(?<variable>\w+)"\]/u

/** An expected failure says what to do; anything else is ours, and comes with where it happened. */
export const explain = (cause: Cause.Cause<unknown>): string => {
  const error = Cause.squash(cause)
  if (error instanceof Config.ConfigError) {
    const variable = at.exec(error.message)?.groups?.["variable"] ?? "A variable"
    const expected = /Expected ([^\n]*)/u.exec(error.message)?.[1] ?? "something else"
    return `${variable} is wrong: expected ${expected}. "npm start -- --help" lists the variables.`
  }
  if (error instanceof SqlError.SqlError) return explainDatabase(error)
  return cause.reasons.some(({ _tag }) => _tag === "Die") || !(error instanceof Error)
    ? Cause.pretty(cause)
    : error.message
}

/** PostgreSQL's own sentence says more than that a query failed. */
const explainDatabase = ({ message, reason }: SqlError.SqlError): string => {
  const { code, message: said = message } = (reason.cause ?? {}) as {
    readonly code?: string
    readonly message?: string
  }
  return code === "53100"
    ? `the disk of the database is full. Free some space, or set FLOWFORGE_DATA to a folder on another disk. PostgreSQL says: ${said}`
    : `the database refuses: ${said}. More is in postgres/postgres.log in the data folder.`
}
