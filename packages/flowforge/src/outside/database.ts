import { migrationsFolder } from "@flowforge/contracts/migrations"
import { Wakeups } from "@flowforge/messaging"
import { layerPostgres, missingMigrations } from "@flowforge/platform"
import { Data, Effect, Layer, type Redacted } from "effect"
import { SqlClient } from "effect/sql"
import { waitFor } from "../waiting.ts"

/** PostgreSQL answers, but the tables are not there yet. */
class NotMigrated extends Data.TaggedError("NotMigrated")<{ readonly message: string }> {}

const where = (url: Redacted.Redacted, applicationName: string) =>
  layerPostgres({ url, applicationName, maxConnections: 1 })

/** Waits until PostgreSQL answers. */
export const awaitPostgres = (url: Redacted.Redacted) =>
  waitFor("PostgreSQL", SqlClient.SqlClient.use((sql) => sql`SELECT 1`).pipe(Effect.provide(where(url, "waiting"))))

/** Waits until PostgreSQL answers and has all tables. A schema that no longer allows this code is not waited for. */
export const awaitSchema = Effect.fnUntraced(function* (url: Redacted.Redacted) {
  yield* awaitPostgres(url)
  yield* waitFor(
    "the migrations",
    missingMigrations(migrationsFolder).pipe(
      Effect.flatMap(([first]) =>
        first === undefined
          ? Effect.void
          : Effect.fail(new NotMigrated({ message: `${first} is not applied; "prepare" or "migrate" does it` }))
      ),
      Effect.provide(where(url, "waiting"))
    ),
    (error) => error._tag === "MigrationError"
  )
})

/** The pool of a process, with what tells it of others' commits. */
export const layerDatabase = (options: {
  readonly databaseUrl: Redacted.Redacted
  readonly maxConnections: number
  readonly process: string
}) =>
  Wakeups.layerPostgres.pipe(
    Layer.provideMerge(
      layerPostgres({
        url: options.databaseUrl,
        applicationName: `flowforge ${options.process}`,
        maxConnections: options.maxConnections
      })
    )
  )
