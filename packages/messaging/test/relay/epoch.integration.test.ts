import { assert, layer } from "@effect/vitest"
import { ensureEpoch, Wakeups } from "@flowforge/messaging"
import { layerTestDatabase } from "@flowforge/testkit"
import { Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { loadCursor } from "../../src/relay/cursor.ts"
import { readAfter } from "../../src/relay/rows.ts"
import { appendTo } from "../appending.ts"
import { eventually } from "../eventually.ts"
import { note, textOf } from "../messages.ts"

const epoch = SqlClient.SqlClient.use((sql) => sql.unsafe<{ epoch: number }>(`SELECT outbox_epoch() AS epoch`)).pipe(
  Effect.map((rows) => rows[0]!.epoch)
)

/** As if the database had been restored here from one with that identifier. */
const cameFrom = (systemIdentifier: string) =>
  SqlClient.SqlClient.use((sql) =>
    sql.unsafe(`UPDATE outbox_epochs SET system_identifier = $1 WHERE epoch = outbox_epoch()`, [systemIdentifier])
  )

layer(Layer.mergeAll(layerTestDatabase, Wakeups.layer), { excludeTestServices: true })("The epoch", (it) => {
  it.effect("stays while the system is the same", () =>
    Effect.gen(function* () {
      yield* ensureEpoch
      assert.strictEqual(yield* epoch, 1)
    })
  )

  it.effect("goes up once on another system, and again on the way back", () =>
    Effect.gen(function* () {
      yield* cameFrom("another")
      yield* Effect.all([ensureEpoch, ensureEpoch], { concurrency: "unbounded" })
      assert.strictEqual(yield* epoch, 2)
      const sql = yield* SqlClient.SqlClient
      yield* sql.unsafe(`INSERT INTO outbox_epochs (epoch, system_identifier) VALUES (3, 'a third')`)
      yield* ensureEpoch
      assert.strictEqual(yield* epoch, 4)
    })
  )

  it.effect("lets rows of a new one follow a cursor whose transaction id is far above theirs", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      yield* loadCursor("restored")
      yield* sql.unsafe(
        `UPDATE relay_cursors SET epoch = outbox_epoch(), xid = '999999999999', id = 1 WHERE source = 'restored'`
      )
      yield* cameFrom("before the restore")
      yield* ensureEpoch
      yield* appendTo("restored", note("k", "after the restore"))
      const { position } = yield* loadCursor("restored")
      const { rows } = yield* eventually(readAfter("restored", position, 10), ({ rows }) => rows.length > 0)
      assert.deepStrictEqual(
        rows.map((row) => textOf(row.message)),
        ["after the restore"]
      )
    })
  )
})
