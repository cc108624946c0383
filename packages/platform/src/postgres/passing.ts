import { SqlError } from "effect/sql"

/** Ended by an administrator or by a time limit, starting or stopping, out of connections or of memory. */
const PASSING = /^(?:08|25P|53|57P)/u

/** Whether the database failed for a reason that passes and has nothing to do with what it was asked. */
export const isPassing = (error: unknown): error is SqlError.SqlError => {
  if (!SqlError.isSqlError(error)) return false
  const code = (error.reason.cause as { readonly code?: unknown } | undefined)?.code
  return error.isRetryable || (typeof code === "string" && PASSING.test(code))
}
