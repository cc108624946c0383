import { randomUUID } from "node:crypto"
import type { RunningSystem } from "@flowforge/embedded"
import { auditSystem, isViolated, renderFindings } from "@flowforge/embedded/audit"
import { Clock, Console, Duration, Effect } from "effect"
import { FlowForge } from "../system/client.ts"
import { settled } from "./aftermath.ts"
import { type Outcome, serve, type Tally } from "./customers.ts"
import { endOfLedger } from "../system/outside.ts"
import { SystemGone } from "../system/patience.ts"
import { type Intention, planDemo } from "./plan.ts"
import { withProgress } from "./progress.ts"
import { addsUp, balance, latencies, surprise } from "./report.ts"
import { piecesLeft, prepareShop } from "./shop.ts"
import { renderBalance, renderLatencies } from "./table.ts"

/** Orders arrive at this rate, or faster when there are so many that they would take longer than this. */
const RATE = 40
const LONGEST_SECONDS = 30
/** What the audit takes for settled; the demo waits as long before it asks. */
const SETTLE_TIME = Duration.seconds(3)
const EXAMPLES = 5

/** Places the orders, waits for all that follows from them, and prints the balance. Answers whether everything adds up. */
export const giveDemo = (system: RunningSystem, orders: number) =>
  Effect.gen(function* () {
    const shop = yield* prepareShop(orders)
    const plan = planDemo(orders, shop)
    const users = new Set(plan.map(({ userId }) => userId)).size
    yield* Console.log(
      `${orders} orders by ${users} customers; of ${shop.scarce.length} items there are ${shop.piecesEach} pieces each, and twice as many who want one.\n`
    )
    const startedAt = yield* Clock.currentTimeMillis
    const ledgerStart = yield* endOfLedger(system.gatewayUrl)
    const tally: Tally = { placed: 0, accepted: 0, ends: { CONFIRMED: 0, CANCELLED: 0 } }
    const now = yield* Clock.Clock
    const line = () => renderTally(tally, orders, (now.currentTimeMillisUnsafe() - startedAt) / 1_000)

    const { aftermath, outcomes } = yield* serveAll(plan, tally).pipe(
      Effect.flatMap((outcomes) => settled(outcomes, { system, ledgerStart, startedAt })),
      withProgress(line),
      Effect.onInterrupt(() =>
        Console.log(
          `\nStopped. ${tally.accepted} orders were accepted, ${open(tally)} of them have not been seen to their end: FlowForge goes on with them by itself.`
        )
      ),
      Effect.catchTag("SystemGone", ({ message }) => Effect.fail(new SystemGone({ message: gone(tally, message) })))
    )
    const findings = balance(outcomes, shop, { ...aftermath, piecesLeft: yield* piecesLeft(shop.scarce) })
    yield* Console.log(`\n${renderBalance(findings)}\n\n${renderLatencies(latencies(outcomes))}\n`)

    yield* Effect.sleep(SETTLE_TIME)
    const ended = outcomes.filter((outcome) => outcome.kind === "ended")
    const audited = yield* auditSystem(system, {
      settleTime: SETTLE_TIME,
      accepted: ended.map(({ order }) => order.order_id)
    })
    yield* Console.log(`${renderFindings(audited)}\n`)
    const isRight = findings.every(addsUp) && !audited.some(isViolated)
    yield* Console.log(verdict(isRight, outcomes, system))
    return isRight
  }).pipe(Effect.provide(FlowForge.layer(system)))

const open = ({ accepted, ends }: Tally) => accepted - ends.CONFIRMED - ends.CANCELLED

const BAR = 10

/** Fits a terminal of 80 columns. */
const renderTally = (tally: Tally, orders: number, seconds: number): string => {
  const { ends, placed } = tally
  const filled = Math.round((BAR * placed) / orders)
  return `  [${"#".repeat(filled)}${".".repeat(BAR - filled)}] ${placed}/${orders} placed · ${ends.CONFIRMED} confirmed · ${ends.CANCELLED} cancelled · ${open(tally)} open · ${seconds.toFixed(1)} s`
}

const gone = (tally: Tally, message: string): string =>
  `FlowForge stopped answering after ${tally.accepted} orders were accepted (${message}). None of them is lost: start it again with "npm start" (or "npm run up"), and it goes on with the ${open(tally)} that have not reached their end.`

/** Every order at its time, whatever became of those before it. */
const serveAll = Effect.fnUntraced(function* (plan: ReadonlyArray<Intention>, tally: Tally) {
  const run = randomUUID()
  const rate = Math.max(RATE, plan.length / LONGEST_SECONDS)
  return yield* Effect.forEach(
    plan,
    (intention, n) => Effect.delay(serve(intention, `demo-${run}-${n}`, tally), (1_000 * n) / rate),
    { concurrency: "unbounded" }
  )
})

/** A system that hands its mails to a company has no outbox of its own. */
const outboxOf = ({ managementUrl, messages }: RunningSystem): string =>
  messages.kind === "moto" ? `${messages.url}/moto-api/` : `${managementUrl}/outbox`

const verdict = (isRight: boolean, outcomes: ReadonlyArray<Outcome>, system: RunningSystem): string => {
  if (isRight) return `Everything adds up. The mails are to be read at ${outboxOf(system)}.`
  const refused = outcomes.flatMap((outcome) => (outcome.kind === "refused" ? [`refused: ${outcome.problem}`] : []))
  const surprised = outcomes.flatMap((outcome) => (outcome.kind === "ended" ? (surprise(outcome) ?? []) : []))
  const examples = [...new Set(refused), ...surprised].slice(0, EXAMPLES)
  return ["Something does not add up.", ...examples.map((example) => `  - ${example}`)].join("\n")
}
