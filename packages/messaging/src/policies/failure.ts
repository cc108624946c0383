import { Cause, Effect, Formatter, Option } from "effect"
import { SqlClient, SqlError } from "effect/sql"
import { DependencyUnavailable, InHand, Unprocessable } from "../errors.ts"
import { OutcomeUnknown } from "./timeout.ts"

/** What to do about a failed attempt. */
export type FailureKind =
  /** No retry can help. */
  | "impossible"
  /** A dependency is down for everybody, perhaps: counted by the circuit. */
  | "dependency"
  /** Cut off after its budget: it may or may not have happened. */
  | "unknown"
  /** PostgreSQL itself is away: nothing can be recorded, so the batch goes back to the broker. */
  | "database"
  /** Anything else, a bug included. */
  | "retryable"

export interface Failure {
  readonly kind: FailureKind
  /** For people: at most 2,000 characters. */
  readonly text: string
  /** The next attempt comes no later than that, whatever the backoff says: milliseconds. */
  readonly withinMillis?: number
}

const MAX_TEXT = 2_000
const DATABASE_AWAY = new Set(["ConnectionError", "AuthenticationError"])

const isDatabaseAway = (error: unknown): boolean => {
  if (!SqlError.isSqlError(error)) return false
  if (DATABASE_AWAY.has(error.reason._tag) || error.reason.operation === "connect") return true
  const code = (error.reason.cause as { readonly code?: unknown } | undefined)?.code
  // Shutting down, starting up, too many connections, ended by an administrator.
  return typeof code === "string" && (code.startsWith("57P") || code.startsWith("08") || code === "53300")
}

const kindOf = (error: unknown): FailureKind => {
  if (error instanceof Unprocessable) return "impossible"
  if (error instanceof DependencyUnavailable) return "dependency"
  if (error instanceof OutcomeUnknown) return "unknown"
  return isDatabaseAway(error) ? "database" : "retryable"
}

const textOf = (error: unknown): string => {
  if (error instanceof Unprocessable) return error.reason
  if (error instanceof DependencyUnavailable) return `${error.dependency}: ${error.reason}`
  if (error instanceof OutcomeUnknown) return error.message
  if (error instanceof InHand) return error.reason
  if (SqlError.isSqlError(error)) return (error.reason.cause as Error | undefined)?.message ?? error.message
  return error instanceof Error ? `${error.name}: ${error.message}` : Formatter.format(error)
}

/** Text that PostgreSQL can store, short enough to be read. */
export const storable = (text: string): string => text.slice(0, MAX_TEXT).replaceAll("\u0000", "\uFFFD")

/**
 * Reads why an attempt failed. A cause that only interrupts is the handler's own doing: when the consumer itself is
 * interrupted (a shutdown), nobody gets to see a cause.
 */
export const failureOf = (cause: Cause.Cause<unknown>): Failure => {
  const error = Option.getOrElse(Cause.findErrorOption(cause), () => Cause.squash(cause))
  const failure: Failure = { kind: kindOf(error), text: storable(textOf(error)) }
  return error instanceof InHand ? { ...failure, withinMillis: error.forMillis } : failure
}

/**
 * The same, seen once more in the light of whether PostgreSQL answers: if it does, then it was this attempt that lost
 * its session, and another attempt may lose it again.
 */
export const judge = Effect.fnUntraced(function* (cause: Cause.Cause<unknown>) {
  const failure = failureOf(cause)
  if (failure.kind !== "database") return failure
  const sql = yield* SqlClient.SqlClient
  const answers = yield* Effect.exit(Effect.timeout(sql.unsafe("SELECT 1"), "1 second"))
  return answers._tag === "Success" ? ({ ...failure, kind: "retryable" } satisfies Failure) : failure
})
