import { assert, describe, it } from "@effect/vitest"
import { eventually, layerTestDatabase, TestDatabase } from "@flowforge/testkit"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { layerConnections } from "../src/outside/database.ts"
import { claim } from "../src/processes/claim.ts"

/** What another installation is told while a process of the first is connected under this name. */
const refusedWhile = (applicationName: string) =>
  Effect.gen(function* () {
    const { url } = yield* TestDatabase
    return yield* Effect.andThen(
      SqlClient.SqlClient.use((sql) => sql`SELECT 1`),
      Effect.flip(claim("shops/second uid-2"))
    ).pipe(Effect.provide(layerConnections({ databaseAuthority: undefined, databaseUrl: url }, applicationName, 2)))
  })

describe("a database", () => {
  it.live("belongs to the installation that came first, as long as a process of it is connected", () =>
    Effect.gen(function* () {
      yield* claim("shops/first uid-1")
      yield* claim("shops/first uid-1")
      const refused = yield* refusedWhile("flowforge order")
      assert.strictEqual(refused._tag, "AlreadyManaged")
      assert.include(refused.message, "shops/first uid-1")
    }).pipe(Effect.provide(layerTestDatabase), Effect.scoped)
  )

  it.live("is taken by the next one when no process of the first is connected any more", () =>
    Effect.gen(function* () {
      yield* claim("shops/first uid-1")
      yield* eventually("the second one has it", Effect.isSuccess(claim("shops/second uid-2")))
      const sql = yield* SqlClient.SqlClient
      assert.deepStrictEqual(yield* sql`SELECT name FROM installation`, [{ name: "shops/second uid-2" }])
    }).pipe(Effect.provide(layerTestDatabase), Effect.scoped)
  )
})
