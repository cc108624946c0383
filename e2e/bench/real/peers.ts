import { Console, Effect, Fiber } from "effect"
import { nodeOf } from "../gates.ts"
import type { Options } from "../options.ts"
import { origin, writeSections } from "../page.ts"
import { n, renderRungs, table } from "../report.ts"
import type { Result, Rung } from "../rung.ts"
import { steady, toTerminal, warmUp } from "../rungs.ts"
import { type Peer, startPeer } from "./peer.ts"
import { startSession, warmedUp } from "./session.ts"
import type { Stack } from "./stack.ts"

/** One that both carry, and one that neither does: then what counts is how fast it is worked off. */
const CARRIED = 200
const FLOOD = 1_000

interface Pair {
  readonly ours: Result
  readonly theirs: Result
}

/** Of everything that runs for an order, the servers included. */
const whole = ({ cpu }: Result): number => nodeOf(cpu) + Object.values(cpu.servers).reduce((sum, used) => sum + used, 0)

/** How many times as good: greater is better. */
const compared: ReadonlyArray<readonly [what: string, at: "carried" | "flood", better: (pair: Pair) => number]> = [
  ["orders/s to a terminal state, flooded", "flood", ({ ours, theirs }) => ours.terminalRate / theirs.terminalRate],
  [
    "CPU per order of the Node processes, flooded",
    "flood",
    ({ ours, theirs }) => nodeOf(theirs.cpu) / nodeOf(ours.cpu)
  ],
  ["CPU per order of the whole machine, flooded", "flood", ({ ours, theirs }) => whole(theirs) / whole(ours)],
  [
    `CPU per order of the Node processes at ${CARRIED}/s`,
    "carried",
    ({ ours, theirs }) => nodeOf(theirs.cpu) / nodeOf(ours.cpu)
  ],
  [`CPU per order of the whole machine at ${CARRIED}/s`, "carried", ({ ours, theirs }) => whole(theirs) / whole(ours)],
  [`POST acknowledged at ${CARRIED}/s, p50`, "carried", ({ ours, theirs }) => theirs.ack.p50 / ours.ack.p50],
  [
    `POST → CONFIRMED at ${CARRIED}/s, p50`,
    "carried",
    ({ ours, theirs }) => theirs.toConfirmed.p50 / ours.toConfirmed.p50
  ],
  [
    `POST → CONFIRMED at ${CARRIED}/s, p99`,
    "carried",
    ({ ours, theirs }) => theirs.toConfirmed.p99 / ours.toConfirmed.p99
  ]
]

/** Median, and from the worst round to the best. */
const ratio = (pairs: ReadonlyArray<Pair>, better: (pair: Pair) => number): string => {
  const ratios = pairs.map(better).toSorted((a, b) => a - b)
  return `${n(ratios[ratios.length >> 1]!, 1)}× (${n(ratios[0]!, 1)}–${n(ratios.at(-1)!, 1)}×)`
}

/** What is forgotten of orders when its order service is killed under load, and when Kafka loses its data. */
const measureForgotten = Effect.fnUntraced(function* (peer: Peer, stack: Stack) {
  const meanwhile = Effect.fnUntraced(function* (rung: Rung, harm: Effect.Effect<void>) {
    const harming = yield* Effect.forkChild(Effect.delay(harm, "1500 millis"))
    const before = yield* peer.forgotten
    const result = yield* peer.run(rung)
    yield* Fiber.join(harming)
    return { forgotten: (yield* peer.forgotten) - before, lost: result.accepted - result.terminal }
  })
  const { kafka } = stack.outside
  const killed = yield* meanwhile(
    steady("kill -9 of its order service")(CARRIED, 4),
    Effect.andThen(peer.kill("order"), peer.start("order"))
  )
  const wiped = yield* meanwhile(
    steady("all of Kafka's data lost")(CARRIED, 4),
    Effect.andThen(kafka.wipe, Effect.andThen(kafka.start, peer.makeTopics))
  )
  return { killed, wiped }
})

/** The full stack and a plain kafkajs saga in turn, on the same servers. */
export const comparePeers = Effect.fnUntraced(function* ({ rounds, seconds }: Options<never>) {
  const session = yield* startSession(false)
  const peer = yield* startPeer(session.stack)
  yield* warmedUp(session)
  yield* peer.run(warmUp)
  const pairs: Record<"carried" | "flood", Array<Pair>> = { carried: [], flood: [] }
  for (let round = 0; round < rounds; round++) {
    for (const [at, rate] of [
      ["carried", CARRIED],
      ["flood", FLOOD]
    ] as const) {
      const rung = toTerminal(rate, seconds)
      pairs[at].push({ ours: yield* session.run(rung), theirs: yield* peer.run(rung) })
    }
  }
  yield* peer.check
  yield* session.tellAll
  const audited = yield* session.audit
  const { killed, wiped } = yield* measureForgotten(peer, session.stack)
  const page = [
    "## Against a plain kafkajs saga",
    "",
    `Written by \`npm run bench -- --real --peers\`: ${yield* origin}. The saga (\`e2e/bench/peers/kafkajs\`): three processes,`,
    "node:http, pg and kafkajs, one transaction and one send for each event, no outbox; the same POST, statuses, payment company",
    `and stock, the same PostgreSQL and Kafka. Nobody is notified on either side. In turn, ${rounds} rounds of ${seconds} s each; how many times`,
    `as good FlowForge is: the median round, and from the worst to the best. The audit held over FlowForge's ${n(audited)} orders.`,
    "",
    ...table(
      ["what", "FlowForge is better by"],
      compared.map(([what, at, better]) => [what, ratio(pairs[at], better)])
    ),
    "",
    "What the saga does not promise: a commit and its send are two things. After a kill -9 of its order service at",
    `${CARRIED} orders/s, ${killed.forgotten} orders stood in its table that nobody had heard of and nobody ever will; of those it had`,
    `acknowledged, ${killed.lost} were lost. After Kafka had lost its data, ${wiped.forgotten} and ${wiped.lost}; and while Kafka is away it takes no orders.`,
    "FlowForge loses none in either (above).",
    "",
    ...renderRungs([...pairs.carried, ...pairs.flood].flatMap(({ ours, theirs }) => [ours, theirs])),
    ""
  ].join("\n")
  yield* Console.log(page)
  yield* writeSections(page)
}, Effect.scoped)
