import { createHash } from "node:crypto"
import { readdir, readFile } from "node:fs/promises"
import { join } from "node:path"
import { Effect, Schema } from "effect"
import { SqlClient, type SqlError } from "effect/sql"

/** The version of this code's schema knowledge: the newest migration it was written with. */
export const CODE_VERSION = 1

/** The schema cannot be brought to, or used at, what this code needs. The text says what to do. */
export class MigrationError extends Schema.TaggedError<MigrationError>()("MigrationError", {
  migration: Schema.String,
  reason: Schema.String
}) {}

interface Migration {
  readonly name: string
  readonly text: string
  readonly checksum: string
  /** The oldest code version that works after this migration. */
  readonly oldestCode: number
}

const load = (folder: string) =>
  Effect.gen(function* () {
    const names = (yield* Effect.promise(() => readdir(folder))).filter((name) => name.endsWith(".sql")).sort()
    return yield* Effect.forEach(names, (name) =>
      Effect.gen(function* () {
        const text = yield* Effect.promise(() => readFile(join(folder, name), "utf8"))
        const stated = /^-- works with code from: (\d+)$/mu.exec(text)?.[1]
        if (stated === undefined) {
          return yield* new MigrationError({
            migration: name,
            reason: "does not state the oldest code it works with (-- works with code from: N)"
          })
        }
        return {
          name,
          text,
          checksum: createHash("sha256").update(text).digest("hex"),
          oldestCode: Number(stated)
        } satisfies Migration
      })
    )
  })

/**
 * Brings the schema forward, one migration a transaction, under an advisory lock, so that any number of processes may
 * do it at once. Answers the names of those it applied. A newer schema is fine as long as it still allows this code.
 */
export const migrate = (
  folder: string
): Effect.Effect<ReadonlyArray<string>, MigrationError | SqlError.SqlError, SqlClient.SqlClient> =>
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    const migrations = yield* load(folder)
    yield* sql`CREATE TABLE IF NOT EXISTS schema_migrations (
      name text PRIMARY KEY, checksum text NOT NULL, oldest_code integer NOT NULL, applied_at timestamptz NOT NULL DEFAULT now()
    )`.pipe(Effect.retry({ times: 3 }))
    const applied: Array<string> = []
    for (const migration of migrations) {
      const isNew = yield* sql.withTransaction(
        Effect.gen(function* () {
          yield* sql`SELECT pg_advisory_xact_lock(hashtext('flowforge.migrations'))`
          const [known] = yield* sql<{ checksum: string }>`
            SELECT checksum FROM schema_migrations WHERE name = ${migration.name}`
          if (known === undefined) {
            yield* runScript(sql, migration.text)
            yield* sql`INSERT INTO schema_migrations (name, checksum, oldest_code)
              VALUES (${migration.name}, ${migration.checksum}, ${migration.oldestCode})`
            return true
          }
          if (known.checksum !== migration.checksum) {
            return yield* new MigrationError({
              migration: migration.name,
              reason: "was changed after it had been applied; restore its text and put the change into a new migration"
            })
          }
          return false
        })
      )
      if (isNew) applied.push(migration.name)
    }
    const [tooNew] = yield* sql<{ name: string }>`
      SELECT name FROM schema_migrations WHERE oldest_code > ${CODE_VERSION} ORDER BY name LIMIT 1`
    if (tooNew !== undefined) {
      return yield* new MigrationError({
        migration: tooNew.name,
        reason: `does not allow code of version ${CODE_VERSION}; run a newer release`
      })
    }
    return applied
  })

/** One statement at a time: the extended protocol takes no scripts. `$$ … $$` bodies stay whole. */
const runScript = (sql: SqlClient.SqlClient, text: string) =>
  Effect.forEach(
    text
      .replace(/^\s*--.*$/gmu, "")
      .split(/;\s*$/mu)
      .map((statement) => statement.trim())
      .filter((statement) => statement !== ""),
    (statement) => sql.unsafe(statement),
    { discard: true }
  )
