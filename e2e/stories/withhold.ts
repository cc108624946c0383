import { Deferred, Effect } from "effect"
import { SqlClient } from "effect/sql"

/**
 * Keeps a transaction open that could still write: a relay publishes nothing that began after it, or what it commits late
 * would turn up behind the relay's cursor.
 */
export const withhold = Effect.map(SqlClient.SqlClient, (sql) =>
  Effect.gen(function* () {
    const isOpen = yield* Deferred.make<void>()
    yield* sql
      .withTransaction(
        Effect.gen(function* () {
          yield* sql`SET LOCAL idle_in_transaction_session_timeout = 0`
          yield* sql`SET LOCAL transaction_timeout = 0`
          yield* sql`SELECT pg_current_xact_id()::text`
          yield* Deferred.succeed(isOpen, undefined)
          return yield* Effect.never
        })
      )
      .pipe(
        Effect.orDie,
        Effect.onError((cause) => Deferred.failCause(isOpen, cause)),
        Effect.forkScoped
      )
    yield* Deferred.await(isOpen)
  })
)
