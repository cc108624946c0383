import { readFile } from "node:fs/promises"
import { assert, describe, it } from "@effect/vitest"
import { eventually } from "@flowforge/testkit"
import { Effect } from "effect"
import { prepareSystem } from "../system/launch.ts"
import { parseExposition } from "./exposition.ts"

const cardOfPlatform = new URL("../../packages/platform/README.md", import.meta.url)

const get = (url: string) =>
  Effect.promise(async () => {
    const response = await fetch(url)
    return { status: response.status, type: response.headers.get("content-type"), text: await response.text() }
  })

const place = (publicUrl: string, token: string) =>
  Effect.promise(async () => {
    const response = await fetch(`${publicUrl}/orders`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({
        user_id: "00000000-0000-7000-8000-000000000001",
        items: [{ item_id: 1, quantity: 1 }],
        payment_info: { method: "card", token }
      })
    })
    assert.strictEqual(response.status, 202, await response.text())
  })

describe("a running system", () => {
  it.live(
    "is seen from outside: health on both ports, and on the management port metrics that Prometheus takes",
    () =>
      Effect.gen(function* () {
        const system = yield* prepareSystem()
        yield* Effect.promise(system.start)
        for (const url of [system.publicUrl, system.managementUrl]) {
          assert.strictEqual((yield* get(`${url}/health/live`)).status, 204)
          assert.strictEqual((yield* get(`${url}/health/ready`)).status, 200)
          assert.strictEqual((yield* get(`${url}/version`)).status, 200)
        }
        assert.strictEqual((yield* get(`${system.publicUrl}/metrics`)).status, 404)

        for (const token of ["tok_ok", "tok_ok", "tok_declined"]) yield* place(system.publicUrl, token)
        const metrics = Effect.map(get(`${system.managementUrl}/metrics`), ({ text }) => parseExposition(text))
        const count = Effect.fnUntraced(function* (name: string, labels: Record<string, string>) {
          const samples = (yield* metrics).flatMap((family) => family.samples)
          return samples
            .filter((sample) => sample.name === name)
            .filter((sample) => Object.entries(labels).every(([label, value]) => sample.labels[label] === value))
            .reduce((sum, { value }) => sum + value, 0)
        })
        yield* eventually(
          "the orders are at their end",
          Effect.gen(function* () {
            const confirmed = yield* count("flowforge_orders_total", { state: "CONFIRMED" })
            const cancelled = yield* count("flowforge_orders_total", { state: "CANCELLED", reason: "PAYMENT_FAILED" })
            return confirmed === 2 && cancelled === 1
          }),
          "60 seconds"
        )
        assert.strictEqual(yield* count("flowforge_orders_total", { state: "PENDING" }), 3)
        assert.strictEqual(yield* count("flowforge_order_duration_seconds_count", { state: "CONFIRMED" }), 2)
        assert.strictEqual(
          yield* count("flowforge_http_requests_total", { method: "POST", route: "/orders", status: "202" }),
          3
        )
        assert.isAbove(yield* count("flowforge_batch_size_messages_count", { group: "payment" }), 0)
        assert.isAbove(yield* count("process_resident_memory_bytes", {}), 10_000_000)
        const card = yield* Effect.promise(() => readFile(cardOfPlatform, "utf8"))
        const undocumented = (yield* metrics).map(({ name }) => name).filter((name) => !card.includes(`\`${name}`))
        assert.deepStrictEqual(undocumented, [], "platform's card names every metric")
        const { type } = yield* get(`${system.managementUrl}/metrics`)
        assert.strictEqual(type, "text/plain; version=0.0.4; charset=utf-8")
      }).pipe(Effect.scoped),
    180_000
  )
})
