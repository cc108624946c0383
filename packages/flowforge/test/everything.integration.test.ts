import { assert, describe, it } from "@effect/vitest"
import { userId } from "@flowforge/embedded/catalogue"
import { eventually, layerTestDatabase } from "@flowforge/testkit"
import { findOutside, startOutside } from "@flowforge/testkit/outside"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { installation, launch } from "./programs.ts"

const programs = await Effect.runPromise(findOutside)
const missing = "missing" in programs ? programs.missing : []

const ORDERS = 60
const DECLINED_EVERY = 6
const place = (publicUrl: string, n: number) =>
  Effect.promise(async () => {
    const response = await fetch(`${publicUrl}/orders`, {
      method: "POST",
      headers: { "content-type": "application/json", "idempotency-key": `everything-${n}` },
      body: JSON.stringify({
        user_id: userId((n % 90) + 1),
        items: [{ item_id: 1, quantity: 1 }],
        payment_info: { method: "card", token: n % DECLINED_EVERY === 0 ? "tok_declined" : "tok_ok" }
      })
    })
    assert.strictEqual(response.status, 202, await response.clone().text())
    return ((await response.json()) as { readonly order_id: string }).order_id
  })

const get = (url: string) => Effect.promise(async () => await (await fetch(url)).text())

const toldOnce = SqlClient.SqlClient.use((sql) =>
  Effect.map(
    sql<{ told: number; doubtful: number }>`
      SELECT count(DISTINCT order_id) FILTER (WHERE status = 'sent' AND kind LIKE '%email')::int AS told,
        count(*) FILTER (WHERE status NOT IN ('sent', 'claimed'))::int AS doubtful FROM notifications`,
    ([row]) => row!
  )
)

describe("processes with Kafka, Redis, S3, SES and SNS", () => {
  it.live.skipIf(missing.length > 0)(
    `carry orders through all of it, and finish them though a worker of each kind is killed${missing.length === 0 ? "" : ` (${missing.join("; ")})`}`,
    () =>
      Effect.gen(function* () {
        if ("missing" in programs) return
        const { environment: outside, moto, redis } = yield* startOutside(programs)
        const made = yield* installation
        const environment = { ...made.environment, ...outside }
        const prepare = yield* launch("prepare", environment)
        assert.deepStrictEqual(yield* prepare.ended, { code: 0, signal: null }, prepare.output())
        const workers = ["order", "payment", "inventory", "notification"]
        const launched = yield* Effect.forEach(["api", ...workers, ...workers], (name) => launch(name, environment))
        yield* Effect.forEach(launched, ({ ready }) => ready, { concurrency: "unbounded" })
        const doomed = launched.slice(1, 1 + workers.length)

        const ids = yield* Effect.forEach(
          Array.from({ length: ORDERS }, (_, n) => n),
          (n) =>
            Effect.andThen(
              n === ORDERS / 2 ? Effect.forEach(doomed, ({ end }) => end("SIGKILL")) : Effect.void,
              place(made.publicUrl, n)
            ),
          { concurrency: 4 }
        )
        yield* eventually(
          "every customer has been told how it ended, or nobody can know",
          Effect.map(toldOnce, ({ doubtful, told }) => told + doubtful >= ORDERS),
          "90 seconds"
        )
        const sql = yield* SqlClient.SqlClient
        const ends = yield* sql<{ status: string; n: number }>`
          SELECT status, count(*)::int AS n FROM orders GROUP BY status`
        assert.deepStrictEqual(Object.fromEntries(ends.map(({ n, status }) => [status, n])), {
          CONFIRMED: ORDERS - ORDERS / DECLINED_EVERY,
          CANCELLED: ORDERS / DECLINED_EVERY
        })
        const { told } = yield* toldOnce
        const mails = yield* moto.mails
        assert.isAtLeast(mails.length, told)
        assert.isAtMost(mails.length, ORDERS)

        const receipt = yield* get(`${made.publicUrl}/orders/${ids[1]}/receipt`)
        assert.include(receipt, ids[1]!)
        const status = JSON.parse(yield* get(`${made.publicUrl}/orders/${ids[1]}/status`))
        assert.strictEqual(status.status, "CONFIRMED")
        yield* redis.kill
        assert.strictEqual(JSON.parse(yield* get(`${made.publicUrl}/orders/${ids[2]}/status`)).status, "CONFIRMED")

        const survivors = launched.filter((process) => !doomed.includes(process))
        const endings = yield* Effect.forEach(survivors, ({ end }) => end("SIGTERM"), { concurrency: "unbounded" })
        for (const [n, { code }] of endings.entries()) assert.strictEqual(code, 0, survivors[n]!.output())
      }).pipe(Effect.provide(layerTestDatabase), Effect.scoped),
    180_000
  )
})
