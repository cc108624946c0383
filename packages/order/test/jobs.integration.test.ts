import { assert, layer } from "@effect/vitest"
import { Sweeper } from "@flowforge/messaging"
import * as PostgresBroker from "@flowforge/messaging/postgres"
import { eventually } from "@flowforge/testkit"
import { Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { OrderService } from "../src/index.ts"
import { stalledOrders } from "../src/jobs.ts"
import { Settlements } from "../src/settlements.ts"
import { configured, layerOutside, layerUseCases, place, publish, reserved, storyOf, user } from "./orders.ts"

const outside = Layer.mergeAll(layerUseCases, PostgresBroker.layer).pipe(
  Layer.provideMerge(layerOutside),
  Layer.provide(configured({ ORDER_STALLED_AGE: "0 millis" }))
)
const subscriptions = [OrderService.subscription]
const jobs = Layer.build(Layer.fresh(OrderService.layerJobs(subscriptions)))

const keys = SqlClient.SqlClient.use((sql) => sql<{ key: string }>`SELECT key FROM idempotency_keys ORDER BY key`).pipe(
  Effect.map((rows) => rows.map(({ key }) => key))
)

/** Holders of a lock that only one may hold. */
const holders = SqlClient.SqlClient.use(
  (sql) => sql<{ pid: number }>`SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`
)

layer(outside, { excludeTestServices: true })("the order service's jobs", (it) => {
  it.effect("forget keys that are older than a day, any number of them, and no younger ones", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      yield* sql`INSERT INTO idempotency_keys (user_id, key, request_hash, order_id, response, created_at)
        SELECT ${user(1)}::uuid, 'old ' || n, '', gen_random_uuid(), '', now() - interval '24 hours 1 minute'
        FROM generate_series(1, 2500) n`
      yield* sql`INSERT INTO idempotency_keys (user_id, key, request_hash, order_id, response, created_at)
        VALUES (${user(1)}::uuid, 'young', '', gen_random_uuid(), '', now() - interval '23 hours 59 minutes')`
      yield* jobs
      yield* eventually(
        "only the young one is left",
        Effect.map(keys, (found) => found.join() === "young")
      )
    }).pipe(Effect.scoped)
  )

  it.effect("run in one process at a time, and in another when that one ends", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      yield* jobs
      yield* jobs
      const held = Effect.map(holders, (found) => found.length === 1)
      yield* eventually("one holds the lock", held)
      const [first] = yield* holders
      yield* sql`SELECT pg_terminate_backend(${first!.pid})`
      yield* eventually(
        "another one holds it",
        Effect.map(holders, (found) => found.length === 1 && found[0]!.pid !== first!.pid)
      )
    }).pipe(Effect.scoped)
  )

  it.effect("find the orders that stand still, oldest first, and no others", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const settlements = yield* Settlements
      const first = yield* place()
      const confirmed = yield* place()
      const cancelled = yield* place()
      const last = yield* place()
      yield* sql.withTransaction(settlements.confirm([reserved(confirmed)]))
      yield* settlements.cancelByCustomer(cancelled)
      const stalled = yield* stalledOrders
      yield* eventually(
        "both are older than nothing",
        Effect.map(stalled, (found) => found.length === 2)
      )
      assert.deepStrictEqual(yield* stalled, [first, last])
      const young = Layer.build(
        Layer.fresh(layerUseCases).pipe(Layer.provide(configured({ ORDER_STALLED_AGE: "1 minute" })))
      )
      assert.deepStrictEqual(yield* Effect.provide(Effect.flatten(stalledOrders), yield* young), [])
    }).pipe(Effect.scoped)
  )

  it.effect("find an order behind more that stand still than one look takes", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      yield* sql`INSERT INTO orders (id, user_id, total_amount, payment_method, payment_token)
        SELECT ('00000000-0000-7000-9000-' || lpad(n::text, 12, '0'))::uuid, ${user(1)}::uuid, 1, 'card', 'stuck'
        FROM generate_series(1, 1000) n`
      yield* Effect.addFinalizer(() => Effect.orDie(sql`DELETE FROM orders WHERE payment_token = 'stuck'`))
      const order = yield* place()
      const stalled = yield* stalledOrders
      yield* eventually(
        "it is among them",
        Effect.map(stalled, (found) => found.includes(order))
      )
    }).pipe(Effect.scoped)
  )

  it.effect("bring an order to its end whose event got lost on the way", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const order = yield* place()
      yield* publish(reserved(order))
      // The group's cursor is past the event, and nobody has handled it.
      yield* sql`INSERT INTO broker_cursors (consumer_group, topic, partition, epoch, xid, id)
        SELECT 'order', topic, partition, epoch, xid, id FROM outbox WHERE key = ${order} AND topic = 'inventory.reserved'`
      yield* Layer.build(Layer.fresh(OrderService.layerConsumers))
      const stalledKeys = yield* stalledOrders
      yield* eventually(
        "its event is sent again",
        Effect.map(Sweeper.sweep({ stalledKeys, subscriptions, after: "0 millis" }), (copies) => copies === 1)
      )
      yield* eventually(
        "it is confirmed",
        Effect.map(storyOf(order), ({ said }) => said.at(-1) === "order.confirmed")
      )
    }).pipe(Effect.scoped)
  )
})
