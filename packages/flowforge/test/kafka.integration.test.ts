import { assert, describe, it } from "@effect/vitest"
import { userId } from "@flowforge/embedded/catalogue"
import { eventually, layerTestDatabase } from "@flowforge/testkit"
import { findKafka, KAFKA_MISSING, startKafka } from "@flowforge/testkit/kafka"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { installation, launch } from "./programs.ts"

const program = await Effect.runPromise(findKafka)

const ORDERS = 40

const place = (publicUrl: string, n: number) =>
  Effect.promise(async () => {
    const response = await fetch(`${publicUrl}/orders`, {
      method: "POST",
      headers: { "content-type": "application/json", "idempotency-key": `kafka-${n}` },
      body: JSON.stringify({
        user_id: userId(n + 1),
        items: [{ item_id: 1, quantity: 1 }],
        payment_info: { method: "card", token: "tok_ok" }
      })
    })
    assert.strictEqual(response.status, 202, await response.text())
  })

describe("processes with Kafka between them", () => {
  it.live.skipIf(program === undefined)(
    `carry every order to its end, also those taken while Kafka was away${program === undefined ? ` (${KAFKA_MISSING})` : ""}`,
    () =>
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        const server = yield* startKafka(program!)
        const made = yield* installation
        const environment = { ...made.environment, FLOWFORGE_BROKER: "kafka", KAFKA_BROKERS: server.address }
        const prepare = yield* launch("prepare", environment)
        assert.deepStrictEqual(yield* prepare.ended, { code: 0, signal: null }, prepare.output())
        const names = ["api", "order", "payment", "inventory", "notification"]
        const launched = yield* Effect.forEach(names, (name) => launch(name, environment))
        yield* Effect.forEach(launched, ({ ready }) => ready, { concurrency: "unbounded" })
        const order = (from: number, to: number) =>
          Effect.forEach(
            Array.from({ length: to - from }, (_, i) => from + i),
            (n) => place(made.publicUrl, n),
            { concurrency: 8 }
          )
        const confirmed = (count: number) =>
          eventually(
            `${count} orders are confirmed`,
            Effect.map(
              sql<{ n: number }>`SELECT count(*)::int AS n FROM orders WHERE status = 'CONFIRMED'`,
              ([row]) => row!.n === count
            ),
            "45 seconds"
          )
        yield* order(0, ORDERS / 2)
        yield* confirmed(ORDERS / 2)
        yield* server.stop
        yield* order(ORDERS / 2, ORDERS)
        yield* server.start
        yield* confirmed(ORDERS)
        const endings = yield* Effect.forEach(launched, ({ end }) => end("SIGTERM"), { concurrency: "unbounded" })
        for (const [n, { code }] of endings.entries()) assert.strictEqual(code, 0, launched[n]!.output())
      }).pipe(Effect.provide(layerTestDatabase), Effect.scoped),
    120_000
  )
})
