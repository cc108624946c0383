import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { layerTestDatabase } from "../src/index.ts"

layer(layerTestDatabase)("a test database", (it) => {
  it.effect("has every table of the schema", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const rows = yield* sql<{ name: string }>`
        SELECT relname AS name FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace`
      const names = rows.map((row) => row.name)
      for (const name of ["outbox", "processed_events", "orders", "payments", "reservations", "notifications"]) {
        assert.include(names, name)
      }
    })
  )
})
