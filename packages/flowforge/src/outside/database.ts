import { migrationsFolder } from "@flowforge/contracts/migrations"
import { Wakeups } from "@flowforge/messaging"
import { layerPostgres, missingMigrations } from "@flowforge/platform"
import { Data, Effect, Layer, type Redacted } from "effect"
import { SqlClient } from "effect/sql"
import { waitFor } from "../waiting.ts"

/** PostgreSQL answers, but the tables are not there yet. */
class NotMigrated extends Data.TaggedError("NotMigrated")<{ readonly message: string }> {}

/** Where PostgreSQL is. */
export interface Database {
  readonly databaseUrl: Redacted.Redacted
  readonly databaseAuthority: Redacted.Redacted | undefined
}

/** One connection, or more, under a name that PostgreSQL shows. */
export const layerConnections = (
  { databaseAuthority, databaseUrl }: Database,
  applicationName: string,
  maxConnections = 1
) => layerPostgres({ url: databaseUrl, authority: databaseAuthority, applicationName, maxConnections })

/** Waits until PostgreSQL answers. */
export const awaitPostgres = (database: Database) =>
  waitFor(
    "PostgreSQL",
    SqlClient.SqlClient.use((sql) => sql`SELECT 1`).pipe(Effect.provide(layerConnections(database, "waiting")))
  )

/** Waits until PostgreSQL answers and has all tables. A schema that no longer allows this code is not waited for. */
export const awaitSchema = Effect.fnUntraced(function* (database: Database) {
  yield* awaitPostgres(database)
  yield* waitFor(
    "the migrations",
    missingMigrations(migrationsFolder).pipe(
      Effect.flatMap(([first]) =>
        first === undefined
          ? Effect.void
          : Effect.fail(new NotMigrated({ message: `${first} is not applied; "prepare" or "migrate" does it` }))
      ),
      Effect.provide(layerConnections(database, "waiting"))
    ),
    (error) => error._tag === "MigrationError"
  )
})

/** The pool of a process, with what tells it of others' commits. */
export const layerDatabase = (options: Database & { readonly maxConnections: number }, process: string) =>
  Wakeups.layerPostgres.pipe(
    Layer.provideMerge(layerConnections(options, `flowforge ${process}`, options.maxConnections))
  )
