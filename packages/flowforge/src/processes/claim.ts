import { Data, Effect } from "effect"
import { SqlClient } from "effect/sql"

/** Another installation has this database, and works. */
export class AlreadyManaged extends Data.TaggedError("AlreadyManaged")<{ readonly message: string }> {}

/**
 * Takes the database for an installation. One that has it and has no process connected any more is gone: restored
 * elsewhere, or made anew. Processes are known by the names that they give their connections (`layerDatabase`).
 */
export const claim = (installation: string) =>
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    const [held] = yield* sql.withTransaction(
      sql<{ readonly name: string }>`
        INSERT INTO installation AS held (name) VALUES (${installation})
        ON CONFLICT (one) DO UPDATE SET name = excluded.name, claimed_at = now()
         WHERE held.name <> excluded.name AND NOT EXISTS (
           SELECT FROM pg_stat_activity
            WHERE datname = current_database()
              AND application_name IN ('flowforge api', 'flowforge order', 'flowforge payment', 'flowforge inventory', 'flowforge notification'))
        RETURNING name`.pipe(Effect.andThen(sql<{ readonly name: string }>`SELECT name FROM installation`))
    )
    if (held?.name === installation) return
    return yield* new AlreadyManaged({
      message: `this database belongs to ${held?.name}, whose processes are at work; one installation has one database`
    })
  })
