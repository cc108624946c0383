import { assert, layer } from "@effect/vitest"
import { layerTestDatabase } from "@flowforge/testkit"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { isPassing } from "@flowforge/platform"

/** What the database says to the last of these statements, sent on one connection. */
const failureOf = (...statements: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    const connection = yield* sql.reserve
    return yield* Effect.flip(
      Effect.forEach(statements, (statement) => connection.executeUnprepared(statement, [], undefined))
    )
  }).pipe(Effect.scoped)

layer(layerTestDatabase, { excludeTestServices: true })("a failure of the database", (it) => {
  for (const [what, ...statements] of [
    ["a transaction that took too long", "SET transaction_timeout = '20ms'", "SELECT pg_sleep(10)"],
    ["a connection that an administrator ended", "SELECT pg_terminate_backend(pg_backend_pid())"]
  ] as const) {
    it.effect(`passes: ${what}`, () =>
      Effect.gen(function* () {
        assert.isTrue(isPassing(yield* failureOf(...statements)))
      })
    )
  }

  for (const [what, statement] of [
    ["a row that may not be", "INSERT INTO orders (id, user_id, total_amount) VALUES (gen_random_uuid(), NULL, 1)"],
    ["a statement that is none", "SELEKT 1"],
    ["a text that is no number", "SELECT 'x'::int"]
  ] as const) {
    it.effect(`does not pass: ${what}`, () =>
      Effect.gen(function* () {
        assert.isFalse(isPassing(yield* failureOf(statement)))
      })
    )
  }
})
