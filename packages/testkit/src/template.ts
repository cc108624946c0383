import { PgClient } from "@effect/sql-pg"
import { migrationsFolder } from "@flowforge/contracts/migrations"
import { ensurePartitions } from "@flowforge/messaging"
import { layerPostgres, migrate } from "@flowforge/platform"
import { Effect, Redacted } from "effect"
import { SqlClient } from "effect/sql"

/** The name of a migrated database that every test database is a copy of. */
export const TEMPLATE = "flowforge_template"

export const inDatabase = (url: Redacted.Redacted, name: string): Redacted.Redacted => {
  const changed = new URL(Redacted.value(url))
  changed.pathname = `/${name}`
  return Redacted.make(changed.toString())
}

export const layerAdmin = (url: Redacted.Redacted) => PgClient.layer({ url, maxConnections: 1 })

export const createTemplate = (url: Redacted.Redacted) =>
  Effect.gen(function* () {
    yield* SqlClient.SqlClient.use((sql) => sql.unsafe(`CREATE DATABASE ${TEMPLATE}`)).pipe(
      Effect.provide(layerAdmin(url))
    )
    yield* Effect.andThen(migrate(migrationsFolder), ensurePartitions({ daysAhead: 1 })).pipe(
      Effect.provide(
        layerPostgres({ url: inDatabase(url, TEMPLATE), applicationName: "migrations", maxConnections: 1 })
      )
    )
  })
