import { Effect } from "effect"
import { SqlClient } from "effect/sql"

/**
 * Begins a new epoch of the outbox when this database runs under another system identifier than before (restored from a
 * dump, upgraded to a new major version): transaction ids start again there, below the cursors. Run it after the
 * migrations and before anything is appended; safe to repeat, by any number of processes at once.
 */
export const ensureEpoch = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql.withTransaction(
    Effect.gen(function* () {
      yield* sql.unsafe(`SELECT pg_advisory_xact_lock(hashtextextended('flowforge outbox epoch', 0))`)
      const rows = yield* sql.unsafe<{ is_new: boolean }>(
        `SELECT system_identifier <> (SELECT system_identifier::text FROM pg_control_system()) AS is_new
           FROM outbox_epochs ORDER BY epoch DESC LIMIT 1`
      )
      if (rows[0]?.is_new === false) return
      // A database may come back to a system it has been on before; the older row then gives up the bare identifier.
      yield* sql.unsafe(
        `UPDATE outbox_epochs SET system_identifier = system_identifier || ' until epoch ' || outbox_epoch()
          WHERE system_identifier = (SELECT system_identifier::text FROM pg_control_system())`
      )
      yield* sql.unsafe(
        `INSERT INTO outbox_epochs (epoch, system_identifier)
         SELECT coalesce(outbox_epoch(), 0) + 1, system_identifier::text FROM pg_control_system()`
      )
      yield* Effect.logWarning("the database runs on another system than before: a new outbox epoch begins")
    })
  )
})
