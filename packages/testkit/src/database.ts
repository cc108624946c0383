import { randomUUID } from "node:crypto"
import { PgClient } from "@effect/sql-pg"
import { migrationsFolder } from "@flowforge/contracts/migrations"
import { ensurePartitions } from "@flowforge/messaging"
import { layerPostgres, migrate } from "@flowforge/platform"
import { Context, Effect, Layer, Redacted } from "effect"
import { SqlClient } from "effect/sql"
import { inject } from "vitest"

declare module "vitest" {
  interface ProvidedContext {
    readonly postgresUrl: string
  }
}

const TEMPLATE = "flowforge_template"

const inDatabase = (url: Redacted.Redacted, name: string): Redacted.Redacted => {
  const changed = new URL(Redacted.value(url))
  changed.pathname = `/${name}`
  return Redacted.make(changed.toString())
}

const layerAdmin = (url: Redacted.Redacted) => PgClient.layer({ url, maxConnections: 1 })

/** A migrated database that every test database is a copy of. */
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

/** Where the test's own database is. */
export class TestDatabase extends Context.Service<
  TestDatabase,
  { readonly url: Redacted.Redacted; readonly name: string }
>()("@flowforge/testkit/TestDatabase") {
  /** A fresh, migrated database on the run's PostgreSQL, dropped when the Layer closes. */
  static readonly layer: Layer.Layer<TestDatabase> = Layer.effect(
    TestDatabase,
    Effect.gen(function* () {
      const server = Redacted.make(inject("postgresUrl"))
      const name = `test_${randomUUID().replaceAll("-", "")}`
      const admin = (statement: string) =>
        SqlClient.SqlClient.use((sql) => sql.unsafe(statement)).pipe(Effect.provide(layerAdmin(server)), Effect.orDie)
      yield* Effect.acquireRelease(admin(`CREATE DATABASE ${name} TEMPLATE ${TEMPLATE}`), () =>
        admin(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`)
      )
      return { url: inDatabase(server, name), name }
    })
  )
}

/** {@link TestDatabase} with a pool of connections to it, of the same kind as in production. */
export const layerTestDatabase: Layer.Layer<TestDatabase | SqlClient.SqlClient | PgClient.PgClient> = Layer.unwrap(
  Effect.map(TestDatabase, ({ url }) => layerPostgres({ url, applicationName: "test", maxConnections: 10 }))
).pipe(Layer.orDie, Layer.provideMerge(TestDatabase.layer))
