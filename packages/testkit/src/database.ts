import { randomUUID } from "node:crypto"
import type { PgClient } from "@effect/sql-pg"
import { layerPostgres } from "@flowforge/platform"
import { Context, Effect, Layer, Redacted } from "effect"
import { SqlClient } from "effect/sql"
import { inject } from "vitest"
import { inDatabase, layerAdmin, TEMPLATE } from "./template.ts"

declare module "vitest" {
  interface ProvidedContext {
    readonly postgresUrl: string
  }
}

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
