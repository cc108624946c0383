import { createHash } from "node:crypto"
import { readdir, readFile } from "node:fs/promises"
import { join } from "node:path"
import { Effect, Schema } from "effect"
import { SqlClient, type SqlError } from "effect/sql"

/**
 * Which contractions of the schema this code can live with. It goes up by one in the release that stops using a table,
 * column or value; the migration that removes it comes a release later and says `-- works with code from: <that number>`,
 * so that the release before it no longer starts on what it cannot read. Migrations that only add say 1.
 */
export const CODE_VERSION = 1

/** How long one migration, and the wait for another process's, may take: no transaction of the services does. */
const MIGRATION_BUDGET = "10min"

/** The schema cannot be brought to, or used at, what this code needs. The text says what to do. */
export class MigrationError extends Schema.TaggedError<MigrationError>()("MigrationError", {
  migration: Schema.String,
  reason: Schema.String
}) {
  override readonly message = `Migration ${this.migration} ${this.reason}`
}

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
 * do it at once. Answers the names of those it applied. A newer schema is fine as long as it still allows this code;
 * nothing is applied where anything stands in the way.
 */
export const migrate = (
  folder: string,
  codeVersion = CODE_VERSION
): Effect.Effect<ReadonlyArray<string>, MigrationError | SqlError.SqlError, SqlClient.SqlClient> =>
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    const migrations = yield* load(folder)
    /** Alone among all processes, for one transaction. */
    const alone = <A, E>(work: Effect.Effect<A, E>) =>
      sql.withTransaction(
        // A running limit is not moved by another one, only ended by none.
        sql`SET LOCAL transaction_timeout = 0`.pipe(
          Effect.andThen(sql.unsafe(`SET LOCAL transaction_timeout = '${MIGRATION_BUDGET}'`)),
          Effect.andThen(sql`SELECT pg_advisory_xact_lock(hashtext('flowforge.migrations'))`),
          Effect.andThen(work)
        )
      )
    const pending = yield* alone(
      Effect.gen(function* () {
        yield* sql`CREATE TABLE IF NOT EXISTS schema_migrations (
          name text PRIMARY KEY, checksum text NOT NULL, oldest_code integer NOT NULL, applied_at timestamptz NOT NULL DEFAULT now()
        )`
        const applied = yield* sql<Applied>`SELECT name, checksum, oldest_code FROM schema_migrations ORDER BY name`
        return yield* plan(migrations, applied, codeVersion)
      })
    )
    const applied: Array<string> = []
    for (const { checksum, name, oldestCode, text } of pending) {
      const isNew = yield* alone(
        Effect.gen(function* () {
          const taken = yield* sql`INSERT INTO schema_migrations (name, checksum, oldest_code)
            VALUES (${name}, ${checksum}, ${oldestCode}) ON CONFLICT DO NOTHING RETURNING name`
          if (taken.length > 0) yield* runScript(sql, text)
          return taken.length > 0
        })
      )
      if (isNew) applied.push(name)
    }
    return applied
  })

/**
 * The migrations of the folder that are still to be applied. Writes nothing, so that what only works with the tables may
 * wait for them; fails where the schema has gone on beyond this code.
 */
export const missingMigrations = (
  folder: string,
  codeVersion = CODE_VERSION
): Effect.Effect<ReadonlyArray<string>, MigrationError | SqlError.SqlError, SqlClient.SqlClient> =>
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    const [found] = yield* sql<{ there: boolean }>`SELECT to_regclass('schema_migrations') IS NOT NULL AS there`
    const applied = found!.there
      ? yield* sql<Applied>`SELECT name, checksum, oldest_code FROM schema_migrations ORDER BY name`
      : []
    return (yield* plan(yield* load(folder), applied, codeVersion)).map(({ name }) => name)
  })

interface Applied {
  readonly name: string
  readonly checksum: string
  readonly oldest_code: number
}

/** The migrations still to be applied, or why none may be. */
const plan = (
  migrations: ReadonlyArray<Migration>,
  applied: ReadonlyArray<Applied>,
  codeVersion: number
): Effect.Effect<ReadonlyArray<Migration>, MigrationError> => {
  const refuse = (migration: string, reason: string) => Effect.fail(new MigrationError({ migration, reason }))
  const known = new Map(applied.map((each) => [each.name, each]))
  const tooNew = applied.find(({ oldest_code }) => oldest_code > codeVersion)
  if (tooNew !== undefined) {
    return refuse(tooNew.name, `does not allow code of version ${codeVersion}; run a newer release`)
  }
  const changed = migrations.find(({ checksum, name }) => (known.get(name)?.checksum ?? checksum) !== checksum)
  if (changed !== undefined) {
    return refuse(
      changed.name,
      "was changed after it had been applied; restore its text and put the change into a new migration"
    )
  }
  const pending = migrations.filter(({ name }) => !known.has(name))
  const last = applied.at(-1)?.name ?? ""
  const late = pending.find(({ name }) => name < last)
  if (late !== undefined) {
    return refuse(late.name, `comes before ${last}, which is applied already; give it the next number`)
  }
  const unfit = pending.find(({ oldestCode }) => oldestCode > codeVersion)
  if (unfit !== undefined) {
    return refuse(unfit.name, `does not allow code of version ${codeVersion}, which brings it; raise CODE_VERSION`)
  }
  return Effect.succeed(pending)
}

/** One statement at a time: the extended protocol takes no scripts. A semicolon that ends a line ends a statement. */
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
