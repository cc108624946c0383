import type { InstanceRecord } from "@flowforge/embedded"
import { auditInstance, isViolated, renderFindings } from "@flowforge/embedded/audit"
import { Console, Duration, Effect } from "effect"
import { layerDatabaseOf } from "../system/at-rest.ts"
import { prepareSystem } from "../system/launch.ts"
import { firstConfirmed } from "./first-order.ts"
import { isCarried } from "./gates.ts"
import { type Idle, measureIdle } from "./idle.ts"
import type { Options, Part } from "./options.ts"
import { origin, writeSections } from "./page.ts"
import { pidsOf } from "./processes.ts"
import { renderPage, renderRow } from "./report.ts"
import { NOTIFIED, type Result, type Rung, runRung, type Subject } from "./rung.ts"
import { fullChain, hotItem, overload, toTerminal, warmUp } from "./rungs.ts"

const subjectOf = (instance: InstanceRecord): Subject => {
  const pids = pidsOf(instance.pid)
  return {
    publicUrl: instance.publicUrl,
    pids: () => pids,
    // Orders that are not at their end, ended ones whose customer has not been told, and payments that owe a refund.
    unfinished: `
      SELECT (SELECT count(*) FROM orders)::int - (
        SELECT count(DISTINCT order_id) FROM notifications WHERE status <> 'claimed')::int
        + (SELECT count(*) FROM payments WHERE next_attempt_at IS NOT NULL)::int AS n`,
    patienceMillis: 60_000,
    notified: NOTIFIED
  }
}

/** One system, with what is run on it; audited at the end. */
const onSystem = <A>(
  notifications: "folder" | "instant",
  use: (tools: {
    readonly run: (rung: Rung, rounds?: number) => Effect.Effect<Result, unknown>
    readonly idle: Effect.Effect<Idle>
    readonly startMillis: number
  }) => Effect.Effect<A, unknown>
) =>
  Effect.gen(function* () {
    const system = yield* prepareSystem({ environment: { FLOWFORGE_NOTIFICATIONS: notifications } })
    const startedAt = performance.now()
    const instance = yield* Effect.promise(system.start)
    const accepted: Array<string> = [yield* firstConfirmed(instance)]
    const startMillis = performance.now() - startedAt
    const subject = subjectOf(instance)
    const run = Effect.fnUntraced(function* (rung: Rung, rounds = 1) {
      const results: Array<Result> = []
      for (let round = 0; round < rounds; round++) {
        const result = yield* runRung(rung, subject).pipe(Effect.provide(layerDatabaseOf(instance)))
        yield* Console.log(renderRow(result))
        accepted.push(...result.orderIds)
        results.push(result)
      }
      return results.toSorted((a, b) => a.cpu.system - b.cpu.system)[rounds >> 1]!
    })
    yield* run(warmUp)
    const seen = yield* use({ run, idle: measureIdle(subject.pids()), startMillis })
    const findings = yield* auditInstance(instance, {
      settleTime: Duration.zero,
      accepted,
      expectedDeadLetters: 0,
      notificationsKept: notifications === "folder"
    })
    if (findings.some(isViolated)) return yield* Effect.die(new Error(renderFindings(findings)))
    yield* Console.log(`audited: every invariant holds over ${accepted.length} orders`)
    return { seen, audited: accepted.length }
  }).pipe(Effect.scoped)

const FIRST_STEP = 1_250
const STEP = 250

/** One part, printed. */
export const single = ({ only, rounds, seconds }: Options & { readonly only: Part }) =>
  onSystem<unknown>(only === "chain" ? "folder" : "instant", ({ idle, run }) => {
    switch (only) {
      case "chain":
        return run(fullChain(500, seconds), rounds)
      case "terminal":
        return run(toTerminal(1_000, seconds), rounds)
      case "hot":
        return run(hotItem(1_000, seconds), rounds)
      case "overload":
        return run(overload(3_000, seconds), rounds)
      case "idle":
        return Effect.tap(idle, (seen) => Console.log(seen))
    }
  })

/** All of it, written down. */
export const whole = Effect.fnUntraced(function* ({ rounds, seconds }: Options) {
  const chain = yield* onSystem("folder", ({ idle, run, startMillis }) =>
    Effect.gen(function* () {
      const quiet = yield* idle
      return { startMillis, idle: quiet, fullChain: yield* run(fullChain(500, seconds), rounds) }
    })
  )
  const orders = yield* onSystem("instant", ({ run }) =>
    Effect.gen(function* () {
      const terminal = yield* run(toTerminal(1_000, seconds), rounds)
      const hot = yield* run(hotItem(1_000, seconds), rounds)
      let best = terminal
      for (let rate = FIRST_STEP; ; rate += STEP) {
        const next = yield* run(toTerminal(rate, seconds))
        if (!isCarried(next)) break
        best = next
      }
      return { terminal, hot, best, overload: yield* run(overload(best.offered * 3, seconds), rounds) }
    })
  )
  const { fullChain: first, idle, startMillis } = chain.seen
  const { best, hot, overload: flooded, terminal } = orders.seen
  const page = renderPage({
    origin: yield* origin,
    rounds,
    seconds,
    results: [first, terminal, hot, ...(best === terminal ? [] : [best]), flooded],
    figures: { fullChain: first, terminal, hot, best, overload: flooded, idle, startMillis },
    audited: chain.audited + orders.audited
  })
  yield* Console.log(page)
  yield* writeSections(page)
})
