import { setTimeout as sleep } from "node:timers/promises"
import { assert, layer } from "@effect/vitest"
import { auditInstance, isViolated, renderFindings } from "@flowforge/embedded/audit"
import { statusOf } from "@flowforge/testkit"
import { Context, Duration, Effect, Layer } from "effect"
import { atRest } from "../../system/at-rest.ts"
import { sendCustomers } from "../../system/customers.ts"
import { prepareSystem } from "../../system/launch.ts"
import { wishesWith } from "../../system/wishes.ts"
import { faults, type World } from "./fault.ts"

/** So many orders are accepted before the fault, and again when the system says that it is ready. */
const BEFORE = 20
const AFTERWARDS = 10

const TOKENS = ["tok_ok", "tok_load", "tok_ok", "tok_declined"]

/** One running system that all faults happen to, one after another. */
class Victim extends Context.Service<Victim, World>()("@flowforge/e2e/Victim") {
  static readonly layer = Layer.effect(
    Victim,
    Effect.gen(function* () {
      const system = yield* prepareSystem({ environment: { NOTIFICATION_CLAIM_LIMIT: "3 seconds" } })
      return { system, instance: yield* Effect.promise(system.start) }
    })
  )
}

/** Asks for readiness until told to stop; answers whether it ever was refused. */
const watchReadiness = (publicUrl: string) => {
  let open = true
  let wasRefused = false
  const watching = (async () => {
    while (open) {
      if ((await statusOf(`${publicUrl}/health/ready`)) === 503) wasRefused = true
      await sleep(10)
    }
  })()
  return {
    stop: async () => {
      open = false
      await watching
      return wasRefused
    }
  }
}

layer(Victim.layer, { timeout: "3 minutes", excludeTestServices: true })(
  "every order ends well, and once, when",
  (it) => {
    for (const [n, fault] of faults.entries()) {
      it.effect(
        fault.title,
        () =>
          Effect.gen(function* () {
            const world = yield* Victim
            const customers = sendCustomers({
              name: `fault-${n}`,
              publicUrl: world.system.publicUrl,
              customers: 12,
              pauseMillis: 20,
              wishOf: wishesWith(TOKENS)
            })
            const untilAccepted = (orders: number) =>
              Effect.promise(async () => {
                while (customers.accepted.length < orders) await sleep(10)
              })
            yield* untilAccepted(BEFORE)
            const readiness = watchReadiness(world.system.publicUrl)
            yield* Effect.promise(() => fault.happen(world))
            const over = performance.now()
            yield* Effect.promise(async () => {
              while ((await statusOf(`${world.system.publicUrl}/health/ready`)) !== 200) await sleep(10)
            })
            const readyAfter = performance.now() - over
            yield* untilAccepted(customers.accepted.length + AFTERWARDS)
            yield* Effect.promise(customers.stop)
            const wasRefused = yield* Effect.promise(readiness.stop)
            const rest = yield* Effect.exit(atRest(world.instance, "60 seconds"))
            const atRestAfter = performance.now() - over
            process.stdout.write(
              `${fault.title}: ready after ${Math.round(readyAfter)} ms, all at rest after ${Math.round(atRestAfter)} ms, ` +
                `${customers.accepted.length} orders, ${customers.refused()} refused\n`
            )

            assert.deepStrictEqual(customers.complaints, [])
            assert.strictEqual(wasRefused, fault.isSeenOutside ?? false, "readiness went away")
            if (fault.isSeenOutside) assert.isAbove(customers.refused(), 0)
            const findings = yield* auditInstance(world.instance, {
              settleTime: Duration.zero,
              accepted: customers.accepted,
              expectedDeadLetters: 0
            })
            assert.deepStrictEqual(findings.filter(isViolated), [], renderFindings(findings))
            yield* rest
          }),
        180_000
      )
    }
  }
)
