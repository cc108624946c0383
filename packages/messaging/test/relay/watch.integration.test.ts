import { assert, layer } from "@effect/vitest"
import { OutboxWatch, Wakeups } from "@flowforge/messaging"
import { layerTestDatabase } from "@flowforge/testkit"
import { Effect, Layer, Metric } from "effect"
import { SqlClient } from "effect/sql"
import { appendAndHold, appendTo } from "../appending.ts"
import { note } from "../messages.ts"

const gauge = (name: string, source?: string) =>
  Effect.map(
    Metric.snapshot,
    (metrics) =>
      metrics.find((metric) => metric.id === name && (source === undefined || metric.attributes?.["source"] === source))
        ?.state as { readonly value: number } | undefined
  )

layer(Layer.mergeAll(layerTestDatabase, Wakeups.layer), { excludeTestServices: true })("OutboxWatch", (it) => {
  it.effect("tells how old the oldest row is that is not published, and what lies in quarantine", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      yield* appendTo("watched", note("k", "text"))
      yield* sql.unsafe(`UPDATE outbox SET created_at = now() - interval '90 seconds' WHERE source = 'watched'`)
      yield* sql.unsafe(`INSERT INTO relay_cursors (source) VALUES ('watched'), ('idle')`)
      yield* sql.unsafe(
        `INSERT INTO quarantined_messages (source, topic, key, event_id, value, headers, error)
         SELECT source, topic, key, event_id, value, headers, 'too large' FROM outbox WHERE source = 'watched'`
      )
      yield* OutboxWatch.look
      const age = (yield* gauge("flowforge_outbox_oldest_unpublished_seconds", "watched"))?.value
      assert.isTrue(age !== undefined && age >= 90 && age < 120)
      assert.strictEqual((yield* gauge("flowforge_outbox_oldest_unpublished_seconds", "idle"))?.value, 0)
      assert.strictEqual((yield* gauge("flowforge_quarantined_messages", "watched"))?.value, 1)
    })
  )

  it.effect("tells how long a transaction has kept everything newer back", () =>
    Effect.gen(function* () {
      const held = yield* appendAndHold("watched", note("k", "text"))
      yield* OutboxWatch.look
      assert.isAbove((yield* gauge("flowforge_xmin_age_seconds"))?.value ?? 0, 0)
      yield* held.rollBack
    })
  )
})
