import { PgClient } from "@effect/sql-pg"
import { TestDatabase } from "@flowforge/testkit"
import { Effect, Redacted } from "effect"
import { SqlClient } from "effect/sql"
import { eventually } from "../eventually.ts"

/** Sends the test's database away, with everybody in it, and lets it come back. */
export const databaseSwitch = Effect.gen(function* () {
  const { name, url } = yield* TestDatabase
  const sql = yield* SqlClient.SqlClient
  const elsewhere = new URL(Redacted.value(url))
  elsewhere.pathname = "/postgres"
  const admin = (...statements: ReadonlyArray<string>) =>
    SqlClient.SqlClient.use((other) => Effect.forEach(statements, (statement) => other.unsafe(statement))).pipe(
      Effect.provide(PgClient.layer({ url: Redacted.make(elsewhere.toString()), maxConnections: 1 })),
      Effect.orDie
    )
  return {
    goesDown: Effect.asVoid(
      admin(
        `ALTER DATABASE ${name} ALLOW_CONNECTIONS false`,
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${name}'`
      )
    ),
    comesBack: Effect.andThen(
      admin(`ALTER DATABASE ${name} ALLOW_CONNECTIONS true`),
      // Every connection of the pool is a living one again.
      eventually(
        Effect.exit(
          Effect.forEach(Array(20), () => sql.unsafe("SELECT pg_sleep(0.02)"), { concurrency: 20, discard: true })
        ),
        (exit) => exit._tag === "Success"
      )
    )
  }
})
