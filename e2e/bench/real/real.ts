import { Console, Effect } from "effect"
import { isCarried } from "../gates.ts"
import { measureIdle } from "../idle.ts"
import type { Options, RealPart } from "../options.ts"
import { origin, writeSections } from "../page.ts"
import { n, renderGates, renderRungs } from "../report.ts"
import { fullChain, toTerminal } from "../rungs.ts"
import { measureDrain } from "./drain.ts"
import { type RealFigures, realGates } from "./gates.ts"
import { measureKills } from "./kills.ts"
import { type Session, startSession, warmedUp } from "./session.ts"
import { measureWipe } from "./wipe.ts"

/** What the stand-ins for SES and SNS hold: two messages an order, and a receipt in S3. */
const CHAIN_RATE = 50

/** Downwards, until one is carried. */
const LADDER = [875, 750, 625]

const measureOrders = Effect.fnUntraced(function* ({ run }: Session, { rounds, seconds }: Options<RealPart>) {
  const at500 = yield* run(toTerminal(500, seconds), rounds)
  const at1000 = yield* run(toTerminal(1_000, seconds), rounds)
  let best = isCarried(at1000) ? at1000 : at500
  for (const rate of LADDER) {
    if (best !== at500) break
    const next = yield* run(toTerminal(rate, seconds))
    if (isCarried(next)) best = next
  }
  return { at500, at1000, best }
})

/** An installation of its own, whose customers are told by the stand-ins; audited, their records included. */
const measureChain = Effect.fnUntraced(function* (seconds: number) {
  const session = yield* startSession(true)
  const idle = yield* measureIdle(session.stack.pids())
  yield* warmedUp(session, CHAIN_RATE)
  const chain = yield* session.run(fullChain(CHAIN_RATE, seconds), 1, true)
  return { idle, chain, audited: yield* session.audit, residentMegabytes: session.residentMegabytes() }
}, Effect.scoped)

const single = Effect.fnUntraced(function* (only: RealPart, options: Options<RealPart>) {
  if (only === "drain") return yield* Console.log(yield* measureDrain)
  if (only === "chain") return yield* Console.log((yield* measureChain(options.seconds)).idle)
  const session = yield* startSession(false)
  yield* warmedUp(session)
  if (only === "orders") yield* measureOrders(session, options)
  if (only === "kills") yield* measureKills(session.stack, session.run, options.rounds)
  if (only === "wipe") yield* Console.log(yield* measureWipe(session.stack, session.run))
  yield* Console.log(yield* session.tellAll)
  yield* session.audit
}, Effect.scoped)

const whole = Effect.fnUntraced(function* (options: Options<RealPart>) {
  const drain = yield* measureDrain
  const { audited: told, chain, idle, residentMegabytes: whileTelling } = yield* measureChain(options.seconds)
  const session = yield* startSession(false)
  yield* warmedUp(session)
  const { at1000, at500, best } = yield* measureOrders(session, options)
  const kills = yield* measureKills(session.stack, session.run, options.rounds)
  const wipe = yield* measureWipe(session.stack, session.run)
  const toldAfterwards = yield* session.tellAll
  const audited = told + (yield* session.audit)
  const residentMegabytes = Math.max(whileTelling, session.residentMegabytes())
  const figures = { drain, idle, chain, at500, at1000, best, told: toldAfterwards, kills, wipe, residentMegabytes }
  const page = renderSection({ origin: yield* origin, ...options, figures, audited })
  yield* Console.log(page)
  yield* writeSections(page)
}, Effect.scoped)

const renderSection = (run: {
  readonly origin: string
  readonly rounds: number
  readonly seconds: number
  readonly figures: RealFigures
  readonly audited: number
}): string => {
  const { at1000, at500, best, chain } = run.figures
  const rungs = [chain, at500, at1000, ...(best === at500 || best === at1000 ? [] : [best])]
  return [
    "## The full stack",
    "",
    `Written by \`npm run bench -- --real\`: ${run.origin}, everything on the one machine: \`api\`, \`order\`, \`payment\`,`,
    "`inventory` and `notification` as separate processes, one of each, from the bundle and set as in the image; Kafka 4.3 with",
    "one broker, PostgreSQL 18 with fsync and synchronous_commit on, Redis 7, versitygw for S3, moto for SES and SNS, the payment",
    `simulator with an fsynced ledger, and the load generator. Open loop; ${run.rounds} rounds of ${run.seconds} s, the median round by CPU.`,
    "The stand-ins hold 150 to 300 calls a second, so orders run without the notification service, and their customers are told",
    `afterwards. Then the audit held every invariant over all ${n(run.audited)} orders, those of kills and wipe included, with the`,
    "payment company's ledger, every receipt and every mail.",
    "",
    ...renderGates(realGates, run.figures),
    "",
    ...renderRungs(rungs),
    ""
  ].join("\n")
}

/** The full stack against its gates. */
export const measureReal = (options: Options<RealPart>) =>
  options.only === undefined ? whole(options) : single(options.only, options)
