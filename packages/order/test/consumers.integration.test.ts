import { assert, layer } from "@effect/vitest"
import type { OrderId } from "@flowforge/contracts"
import * as PostgresBroker from "@flowforge/messaging/postgres"
import { eventually } from "@flowforge/testkit"
import { Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { v7 } from "uuid"
import { OrderService } from "../src/index.ts"
import {
  layerOutside,
  layerUseCases,
  outOfStock,
  place,
  publish,
  refunded,
  reserved,
  storyOf,
  unpaid
} from "./orders.ts"

const outside = Layer.mergeAll(layerUseCases, PostgresBroker.layer).pipe(Layer.provideMerge(layerOutside))

/** How many events the group has settled, by outcome. */
const settled = (outcome: string) =>
  SqlClient.SqlClient.use(
    (sql) => sql<{ count: number }>`SELECT count(*)::integer AS count FROM processed_events
      WHERE consumer_group = 'order' AND outcome = ${outcome}`
  ).pipe(Effect.map((rows) => rows[0]?.count ?? 0))

const member = Layer.build(Layer.fresh(OrderService.layerConsumers))

layer(outside, { excludeTestServices: true })("the order service's consumers", (it) => {
  it.effect(
    "two members bring every order to one end, reports in any order across topics and delivered three times",
    () =>
      Effect.gen(function* () {
        const orders = yield* Effect.all(Array.from({ length: 150 }, () => place()))
        const reports = [
          orders.map(reserved),
          orders.filter((_, n) => n % 3 === 0).map((order) => unpaid(order)),
          orders.filter((_, n) => n % 5 === 0).map(outOfStock),
          orders.filter((_, n) => n % 15 === 0).map(refunded)
        ]
        const before = yield* settled("done")
        yield* member
        yield* member
        yield* Effect.forEach([...reports, ...reports.toReversed(), ...reports], (batch) => publish(...batch), {
          concurrency: 4
        })
        const count = reports.flat().length
        yield* eventually(
          "every event is settled",
          Effect.map(settled("done"), (done) => done - before === count)
        )
        for (const order of orders) {
          const { history, said } = yield* storyOf(order)
          const [, end, refund] = history
          assert.include(["CONFIRMED", "CANCELLED"], end)
          assert.include([undefined, "REFUNDED"], refund)
          assert.deepStrictEqual(said, ["order.created", end === "CONFIRMED" ? "order.confirmed" : "order.cancelled"])
        }
        assert.strictEqual(yield* settled("dead"), 0)
      }).pipe(Effect.scoped)
  )

  it.effect("a report about an order that never was becomes a dead letter, those beside it are settled", () =>
    Effect.gen(function* () {
      const orders = yield* Effect.all(Array.from({ length: 20 }, () => place()))
      const unknown = v7() as OrderId
      const dead = yield* settled("dead")
      yield* publish(...orders.slice(0, 10).map(reserved), reserved(unknown), ...orders.slice(10).map(reserved))
      yield* member
      yield* eventually(
        "the one at fault is dead",
        Effect.map(settled("dead"), (count) => count - dead === 1)
      )
      for (const order of orders) {
        yield* eventually(
          `${order} is confirmed`,
          Effect.map(storyOf(order), ({ said }) => said.at(-1) === "order.confirmed")
        )
      }
      const sql = yield* SqlClient.SqlClient
      const letters = yield* sql`SELECT topic, error_kind, error FROM dead_letters WHERE key = ${unknown}`
      assert.strictEqual(letters.length, 1)
      assert.include(String(letters[0]?.["error"]), unknown)
    }).pipe(Effect.scoped)
  )
})
