import { assert, describe, layer } from "@effect/vitest"
import { userId } from "@flowforge/embedded/catalogue"
import { eventually } from "@flowforge/testkit"
import { findOutside, type OutsidePrograms } from "@flowforge/testkit/outside"
import { Effect } from "effect"
import { SERVICES } from "../system/programs.ts"
import { Installation } from "./installation/installation.ts"
import { renderOutcome } from "./report.ts"
import { runFault } from "./run.ts"
import { faults } from "./table/index.ts"

/** Those that take the most away; `npm run test:faults` is all of them. */
const SHORT_FORM = ["kill-all", "broker-wiped"]

const programs = await Effect.runPromise(findOutside)
const missing = "missing" in programs ? ` (${programs.missing.join("; ")})` : ""

const textOf = (url: string, init?: RequestInit) => Effect.promise(async () => await (await fetch(url, init)).text())

const order = (publicUrl: string) =>
  Effect.map(
    textOf(`${publicUrl}/orders`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({
        user_id: userId(1),
        items: [{ item_id: 1, quantity: 1 }],
        payment_info: { method: "card", token: "tok_ok" }
      })
    }),
    (answer) => (JSON.parse(answer) as { readonly order_id: string }).order_id
  )

const tests = (installed: OutsidePrograms) =>
  layer(Installation.layer(installed), { excludeTestServices: true, timeout: "5 minutes" })((it) => {
    const promised: Array<string> = []

    it.effect(
      "carries an order through all of it, to its receipt; without Redis, too",
      () =>
        Effect.gen(function* () {
          const { publicUrl, redis } = yield* Installation
          const carriesOne = Effect.gen(function* () {
            const id = yield* order(publicUrl)
            promised.push(id)
            yield* eventually(
              "there is a receipt, and the order is confirmed",
              Effect.gen(function* () {
                const receipt = yield* textOf(`${publicUrl}/orders/${id}/receipt`)
                const { status } = JSON.parse(yield* textOf(`${publicUrl}/orders/${id}/status`))
                return status === "CONFIRMED" && receipt.includes(id) && receipt.includes("<!doctype html>")
              }),
              "45 seconds"
            )
          })
          yield* carriesOne
          yield* redis.kill
          yield* carriesOne
          yield* redis.start
        }),
      120_000
    )

    for (const fault of faults.filter(({ name }) => SHORT_FORM.includes(name)))
      it.effect(
        `every order ends well, and once, when ${fault.what}`,
        () =>
          Effect.gen(function* () {
            const outcome = yield* runFault(yield* Installation, fault, promised)
            process.stdout.write(`${fault.name}: ${renderOutcome(outcome)}\n`)
            assert.deepStrictEqual(outcome.violations, [])
          }),
        300_000
      )

    it.effect(
      "every process stops in order when it is told to",
      () =>
        Effect.gen(function* () {
          const { fleet } = yield* Installation
          const all = SERVICES.flatMap(fleet.of)
          const endings = yield* Effect.forEach(all, fleet.retire, { concurrency: "unbounded" })
          for (const [n, { code }] of endings.entries()) assert.strictEqual(code, 0, all[n]!.process.output())
        }),
      60_000
    )
  })

describe.skipIf("missing" in programs)(`FlowForge on Kafka, PostgreSQL, Redis, S3, SES and SNS${missing}`, () => {
  tests(programs as OutsidePrograms)
})
