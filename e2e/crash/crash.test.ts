import { assert, describe, it } from "@effect/vitest"
import { auditInstance, isViolated, renderFindings } from "@flowforge/embedded/audit"
import { Duration, Effect } from "effect"
import { atRest } from "../system/at-rest.ts"
import { sendCustomers, type Wish } from "../system/customers.ts"
import { prepareSystem } from "../system/launch.ts"
import { postgresOf } from "../system/parts.ts"

const KILLS = 20

const TOKENS = ["tok_load", "tok_ok", "tok_ok", "tok_load", "tok_declined", "tok_timeout_after_capture", "tok_flaky"]

/** Ordinary items, two scarce ones that run dry, some declined, some cancelled at once. */
const wishOf = (n: number): Wish => ({
  body: {
    user_id: `00000000-0000-7000-8000-${String(1 + (n % 100)).padStart(12, "0")}`,
    items: [
      { item_id: n % 7 === 0 ? 61 + (n % 2) : 1 + (n % 50), quantity: 1 },
      { item_id: 1 + ((n * 13) % 60), quantity: 2 }
    ],
    payment_info: { method: "card", token: TOKENS[n % TOKENS.length] }
  },
  cancels: n % 11 === 0
})

/** Every fourth time the database is killed at the same moment, every fourth the system has only begun to start. */
const kindOf = (kill: number) => (["running", "with its database", "running", "starting"] as const)[kill % 4]!

describe("kill -9", () => {
  it.live(
    `of the whole process at ${KILLS} random moments loses nothing and repeats nothing`,
    () =>
      Effect.gen(function* () {
        const system = yield* prepareSystem({ environment: { NOTIFICATION_CLAIM_LIMIT: "3 seconds" } })
        yield* Effect.promise(system.start)
        const customers = sendCustomers({ publicUrl: system.publicUrl, customers: 12, pauseMillis: 20, wishOf })
        for (let kill = 0; kill < KILLS; kill++) {
          const kind = kindOf(kill)
          if (kind === "starting") system.launch()
          else yield* Effect.promise(system.start)
          yield* Effect.sleep(Duration.millis(kind === "starting" ? Math.random() * 2_000 : 100 + Math.random() * 900))
          const database =
            kind === "with its database" ? yield* Effect.promise(() => postgresOf(system.folder)) : undefined
          const ended = system.end("SIGKILL")
          if (database !== undefined) process.kill(database, "SIGKILL")
          yield* Effect.promise(() => ended)
        }
        const instance = yield* Effect.promise(system.start)
        yield* Effect.promise(customers.stop)
        yield* atRest(instance, "60 seconds")

        assert.deepStrictEqual(customers.complaints, [])
        assert.strictEqual(new Set(customers.accepted).size, customers.accepted.length, "one order for each request")
        assert.isAbove(customers.accepted.length, 200)
        assert.isAbove(customers.repeated(), 0, "some answers were lost, or the kills hit nothing")
        const findings = yield* auditInstance(instance, {
          settleTime: Duration.zero,
          accepted: customers.accepted,
          expectedDeadLetters: 0
        })
        assert.deepStrictEqual(findings.filter(isViolated), [], renderFindings(findings))
      }).pipe(Effect.scoped),
    300_000
  )
})
