import { Cause, Option } from "effect"
import { SqlError } from "effect/sql"
import { DependencyUnavailable, Unprocessable } from "../errors.ts"

/** What to do about a failed attempt. */
export type FailureKind =
  /** No retry can help. */
  | "impossible"
  /** A dependency is down for everybody, perhaps: counted by the circuit. */
  | "dependency"
  /** PostgreSQL itself is away: nothing can be recorded, so the batch goes back to the broker. */
  | "database"
  /** Anything else, a bug included. */
  | "retryable"

export interface Failure {
  readonly kind: FailureKind
  /** For people: at most 2,000 characters. */
  readonly text: string
}

const MAX_TEXT = 2_000
const DATABASE_AWAY = new Set(["ConnectionError", "AuthenticationError"])

const isDatabaseAway = (error: unknown): boolean => {
  if (!(error instanceof SqlError.SqlError)) return false
  if (DATABASE_AWAY.has(error.reason._tag)) return true
  const code = (error.reason.cause as { readonly code?: unknown } | undefined)?.code
  // Shutting down, starting up, too many connections, ended by an administrator.
  return typeof code === "string" && (code.startsWith("57P") || code.startsWith("08") || code === "53300")
}

const textOf = (error: unknown): string => {
  if (error instanceof Unprocessable) return error.reason
  if (error instanceof DependencyUnavailable) return `${error.dependency}: ${error.reason}`
  if (error instanceof SqlError.SqlError) return (error.reason.cause as Error | undefined)?.message ?? error.message
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error)
}

/** Reads why an attempt failed. Not for causes that only interrupt. */
export const failureOf = (cause: Cause.Cause<unknown>): Failure => {
  const error = Option.getOrElse(Cause.findErrorOption(cause), () => Cause.squash(cause))
  const kind =
    error instanceof Unprocessable
      ? "impossible"
      : error instanceof DependencyUnavailable
        ? "dependency"
        : isDatabaseAway(error)
          ? "database"
          : "retryable"
  return { kind, text: textOf(error).slice(0, MAX_TEXT) }
}
