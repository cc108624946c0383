import { assert, describe, it } from "@effect/vitest"
import { userId } from "@flowforge/embedded/catalogue"
import { eventually, layerTestDatabase, statusOf } from "@flowforge/testkit"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { installation, launch } from "./programs.ts"

const WORKERS = ["order", "payment", "inventory", "inventory", "notification"] as const

/** What a customer wants; the n-th asks under a key of its own, and again until it is promised. */
const place = (publicUrl: string, n: number) =>
  Effect.promise(async () => {
    const response = await fetch(`${publicUrl}/orders`, {
      method: "POST",
      headers: { "content-type": "application/json", "idempotency-key": `order-${n}` },
      body: JSON.stringify({
        user_id: userId((n % 90) + 1),
        items: [{ item_id: (n % 5) + 1, quantity: 1 }],
        payment_info: { method: "card", token: n % 10 === 9 ? "tok_declined" : "tok_ok" }
      })
    })
    assert.strictEqual(response.status, 202, await response.clone().text())
    return ((await response.json()) as { readonly order_id: string }).order_id
  })

const statuses = SqlClient.SqlClient.use((sql) =>
  Effect.map(
    sql<{ status: string; n: number }>`SELECT status, count(*)::int AS n FROM orders GROUP BY status`,
    (rows) => Object.fromEntries(rows.map(({ n, status }) => [status, n]))
  )
)

describe("processes of their own", () => {
  it.live(
    "carry every order to its end, one of them killed in the middle, and stop when asked",
    () =>
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        const { environment, publicUrl } = yield* installation
        // As an operator finds it: nothing is there yet, and everything is started at once.
        yield* sql`DROP SCHEMA public CASCADE`
        yield* sql`CREATE SCHEMA public`
        const api = yield* launch("api", environment)
        const workers = yield* Effect.forEach(WORKERS, (name) => launch(name, environment))
        yield* api.says("waiting for the migrations: 0001_messaging.sql is not applied")
        assert.strictEqual(yield* Effect.promise(() => statusOf(`${api.managementUrl}/health/live`)), 204)
        assert.strictEqual(yield* Effect.promise(() => statusOf(`${publicUrl}/health/ready`)), 503)

        const prepare = yield* launch("prepare", environment)
        assert.deepStrictEqual(yield* prepare.ended, { code: 0, signal: null }, prepare.output())
        yield* Effect.forEach([api, ...workers], ({ ready }) => ready, { concurrency: "unbounded" })

        const order = (from: number, to: number) =>
          Effect.forEach(
            Array.from({ length: to - from }, (_, i) => from + i),
            (n) => place(publicUrl, n),
            { concurrency: 10 }
          )
        const [first] = yield* order(0, 100)
        const killed = workers[WORKERS.indexOf("inventory")]!
        const [, ending] = yield* Effect.all([order(100, 200), killed.end("SIGKILL")], { concurrency: "unbounded" })
        assert.strictEqual(ending.signal, "SIGKILL")
        yield* eventually(
          "every order is at its end",
          Effect.map(statuses, ({ PENDING = 0 }) => PENDING === 0),
          "20 seconds"
        )
        assert.deepStrictEqual(yield* statuses, { CONFIRMED: 180, CANCELLED: 20 })
        yield* eventually(
          "every customer has been told",
          Effect.map(
            sql<{ n: number }>`SELECT count(DISTINCT order_id)::int AS n FROM notifications WHERE status = 'sent'`,
            ([row]) => row!.n === 200
          )
        )
        const pdf = yield* Effect.promise(() => fetch(`${publicUrl}/orders/${first}/receipt?format=pdf`))
        assert.strictEqual(pdf.headers.get("content-type"), "application/pdf")

        const [left] = yield* sql<{ n: number }>`SELECT count(*)::int AS n FROM dead_letters`
        assert.strictEqual(left!.n, 0)

        const running = [api, ...workers.filter((worker) => worker !== killed)]
        for (const { managementUrl } of running) {
          assert.strictEqual(yield* Effect.promise(() => statusOf(`${managementUrl}/health/live`)), 204)
          assert.strictEqual(yield* Effect.promise(() => statusOf(`${managementUrl}/metrics`)), 200)
          assert.strictEqual(yield* Effect.promise(() => statusOf(`${managementUrl}/internal/status`)), 200)
        }
        const endings = yield* Effect.forEach(running, ({ end }) => end("SIGTERM"), { concurrency: "unbounded" })
        for (const [n, { code }] of endings.entries()) assert.strictEqual(code, 0, running[n]!.output())
      }).pipe(Effect.provide(layerTestDatabase), Effect.scoped),
    60_000
  )
})
