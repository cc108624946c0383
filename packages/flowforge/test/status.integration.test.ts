import { assert, describe, it } from "@effect/vitest"
import { InternalStatus, Topics } from "@flowforge/contracts"
import { Broker } from "@flowforge/messaging"
import { layer as layerMemory, MemoryBroker } from "@flowforge/messaging/memory"
import { listen } from "@flowforge/platform/http"
import { layerTestDatabase } from "@flowforge/testkit"
import { Duration, Effect, Layer, Schema } from "effect"
import { SqlClient } from "effect/sql"
import { layerWorkerManagement } from "../src/http.ts"
import { Progress } from "../src/progress.ts"

const statusAt = (port: number) =>
  Effect.promise(() => fetch(`http://127.0.0.1:${port}/internal/status`).then((answer) => answer.json())).pipe(
    Effect.flatMap(Schema.decodeUnknownEffect(InternalStatus))
  )

describe("the status of a process", () => {
  it.live("tells members, lag, dead letters with the oldest, and what the relay has not published", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const listener = yield* listen({ host: "127.0.0.1", port: 0, variable: "MANAGEMENT_PORT" })
      yield* Layer.build(layerWorkerManagement(listener, { process: "payment", progress: yield* Progress }))
      const { subscribe } = yield* Broker
      const { pause } = yield* subscribe({
        group: "payment",
        topics: [Topics.orderCreated, Topics.orderCancelled],
        maxBatch: 1,
        linger: Duration.zero,
        handle: () => Effect.void
      })
      yield* pause
      const record = { partition: 0, key: "k", value: new Uint8Array(), headers: {} }
      yield* MemoryBroker.use((memory) => memory.inject({ ...record, topic: "order.created" }))
      yield* sql`INSERT INTO dead_letters (id, consumer_group, topic, partition, broker_offset, headers, error_kind, error, attempts, died_at)
        SELECT gen_random_uuid(), 'payment', 'order.cancelled', 0, n::text, '', 'impossible', 'no', 1, '2026-01-02 03:04:05Z'::timestamptz + n * interval '1 day'
          FROM generate_series(0, 1) n`
      yield* sql`INSERT INTO relay_cursors (source) VALUES ('payment')`
      yield* sql`INSERT INTO outbox (created_at, source, topic, partition, key, event_id, value, headers)
        VALUES (now() - interval '70 seconds', 'payment', 'payment.failed', 0, 'k', gen_random_uuid(), '', '')`
      assert.deepStrictEqual(yield* statusAt(listener.port), {
        process: "payment",
        groups: {
          payment: {
            members: 1,
            lag: { "order.created": 1, "order.cancelled": 0 },
            oldest_unhandled_seconds: 0,
            dead_letters: { "order.cancelled": { count: 2, oldest: "2026-01-02T03:04:05Z" } }
          }
        },
        oldest_unpublished_seconds: 70
      })
    }).pipe(
      Effect.provide(Layer.mergeAll(Progress.layer.pipe(Layer.provideMerge(layerMemory)), layerTestDatabase)),
      Effect.scoped
    )
  )
})
