import { Duration, Effect, Random } from "effect"
import { SqlError } from "effect/sql"

const BACKOFF = { first: 200, longest: 5_000 } as const
/** How often it is said again that something is still being waited for. */
const SAY_EVERY = Duration.toMillis("30 seconds")

/** PostgreSQL's own sentence says more than that a query failed. */
const reasonOf = (error: unknown): string => {
  if (SqlError.isSqlError(error)) {
    const { code, message } = (error.reason.cause ?? {}) as { readonly code?: string; readonly message?: string }
    return message || code || error.message
  }
  return error instanceof Error ? error.message : String(error)
}

/**
 * Tries until it works, ever less often, and says in the log what it waits for and why: the order in which processes and
 * servers are started does not matter. What waiting cannot help is failed with at once.
 */
export const waitFor = <A, E, R>(
  what: string,
  attempt: Effect.Effect<A, E, R>,
  isFinal: (error: E) => boolean = () => false
): Effect.Effect<A, E, R> =>
  Effect.gen(function* () {
    let ceiling: number = BACKOFF.first
    let waited = 0
    let saidAt = -SAY_EVERY
    let said = ""
    for (;;) {
      const result = yield* Effect.result(attempt)
      if (result._tag === "Success") {
        if (waited > 0) yield* Effect.logInfo(`${what}: there`)
        return result.success
      }
      if (isFinal(result.failure)) return yield* Effect.fail(result.failure)
      const reason = reasonOf(result.failure)
      if (reason !== said || waited - saidAt >= SAY_EVERY) {
        yield* Effect.logInfo(`waiting for ${what}: ${reason}`)
        said = reason
        saidAt = waited
      }
      const pause = yield* Random.nextIntBetween(ceiling / 2, ceiling + 1)
      yield* Effect.sleep(pause)
      waited += pause
      ceiling = Math.min(ceiling * 2, BACKOFF.longest)
    }
  })
