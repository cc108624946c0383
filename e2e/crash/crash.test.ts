import { assert, describe, it } from "@effect/vitest"
import type { InstanceRecord } from "@flowforge/embedded"
import { auditInstance, isViolated, renderFindings } from "@flowforge/embedded/audit"
import { Duration, Effect } from "effect"
import { SqlClient } from "effect/sql"
import { atRest, layerDatabaseOf } from "../system/at-rest.ts"
import { sendCustomers } from "../system/customers.ts"
import { prepareSystem } from "../system/launch.ts"
import { postgresOf } from "../system/parts.ts"
import { wishesWith } from "../system/wishes.ts"

const KILLS = 20

const TOKENS = ["tok_load", "tok_ok", "tok_ok", "tok_load", "tok_declined", "tok_timeout_after_capture", "tok_flaky"]

/** Of four kills one takes the database along, one comes while something is being sent, one while the system starts. */
const kindOf = (n: number) => (["running", "with its database", "sending", "starting"] as const)[n % 4]!

/** Random moments fall on a step of a few milliseconds only now and then: this one is waited for, and used at once. */
const whileSending = (instance: InstanceRecord, kill: Effect.Effect<void>) =>
  SqlClient.SqlClient.use((sql) =>
    sql`SELECT FROM notifications WHERE status = 'claimed' LIMIT 1`.pipe(
      Effect.repeat({ until: (rows) => rows.length > 0 }),
      Effect.timeoutOption("3 seconds"),
      Effect.andThen(kill)
    )
  ).pipe(Effect.provide(layerDatabaseOf(instance)))

describe("kill -9", () => {
  it.live(
    `of the whole process at ${KILLS} random moments loses nothing and repeats nothing`,
    () =>
      Effect.gen(function* () {
        const system = yield* prepareSystem({ environment: { NOTIFICATION_CLAIM_LIMIT: "3 seconds" } })
        yield* Effect.promise(system.start)
        const customers = sendCustomers({
          publicUrl: system.publicUrl,
          customers: 12,
          pauseMillis: 20,
          wishOf: wishesWith(TOKENS)
        })
        const kill = Effect.asVoid(Effect.promise(() => system.end("SIGKILL")))
        for (let n = 0; n < KILLS; n++) {
          const kind = kindOf(n)
          if (kind === "starting") {
            system.launch()
            yield* Effect.sleep(Duration.millis(Math.random() * 2_000))
            yield* kill
            continue
          }
          const instance = yield* Effect.promise(system.start)
          yield* Effect.sleep(Duration.millis(100 + Math.random() * 900))
          if (kind === "sending") yield* whileSending(instance, kill)
          else if (kind === "running") yield* kill
          else {
            const database = yield* Effect.promise(() => postgresOf(system.folder))
            yield* Effect.andThen(
              Effect.sync(() => process.kill(database, "SIGKILL")),
              kill
            )
          }
        }
        const instance = yield* Effect.promise(system.start)
        yield* Effect.promise(customers.stop)
        const rest = yield* Effect.exit(atRest(instance, "60 seconds"))

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
        yield* rest
      }).pipe(Effect.scoped),
    300_000
  )
})
