import { Clock, Duration, Effect, Latch, Metric, Random } from "effect"
import type { NonEmptyReadonlyArray } from "effect/Array"
import type { SqlClient } from "effect/sql"
import type { Subscription } from "../broker.ts"
import type { Entry } from "../consumer/entry.ts"
import { BatchRefused, type Member } from "../consumer/member.ts"
import { orRefuse } from "../consumer/settle.ts"
import type { Delivery } from "../delivery.ts"
import { monotonicMillis } from "../monotonic.ts"
import type { Failure } from "./failure.ts"
import { unclaimed } from "./inbox.ts"

type Deliveries = NonEmptyReadonlyArray<Delivery<any>>

/**
 * Tells whether a dependency is down for everybody: closed while it answers somebody, open after failures of enough
 * distinct keys without one success, half-open when it is time to let one try.
 */
export interface Circuit {
  /**
   * What may be tried now: everything, one delivery to see how things are, or nothing. A topic that does not `call` the
   * outside is concerned only when failures of it were counted.
   */
  readonly admit: (topic: string, calls: boolean) => Effect.Effect<"all" | "one" | "none">
  /** Something of this topic went well; says nothing when the failures are another topic's. */
  readonly succeeded: (topic: string) => Effect.Effect<void>
  /** How much of this topic has gone well so far: what an attempt notes when it begins. */
  readonly successes: (topic: string) => Effect.Effect<number>
  /**
   * The dependency was away for this key. Answers whether the circuit is open now. With `successesBefore`, as noted when
   * the attempt began: it counts for nothing when the dependency has answered somebody since, for it cannot be away.
   */
  readonly failed: (topic: string, key: string, successesBefore?: number) => Effect.Effect<boolean>
  readonly isOpen: Effect.Effect<boolean>
  /** How long until the next one may try; 0 when the circuit is closed. */
  readonly waitMillis: Effect.Effect<number>
  /** Waits until the circuit is open. */
  readonly opened: Effect.Effect<void>
}

export interface CircuitOptions {
  /** Distinct keys that must have failed without a success in between. */
  readonly keys: number
  /** How long it stays open at first; doubled with every trial that fails, up to `cap`. */
  readonly base: Duration.Input
  readonly cap: Duration.Input
}

export const defaultCircuit: CircuitOptions = { keys: 10, base: Duration.seconds(1), cap: Duration.seconds(30) }

export const makeCircuit = (options: CircuitOptions): Effect.Effect<Circuit> =>
  Effect.gen(function* () {
    const base = Duration.toMillis(Duration.fromInputUnsafe(options.base))
    const cap = Duration.toMillis(Duration.fromInputUnsafe(options.cap))
    const clock = yield* Clock.Clock
    const opened = yield* Latch.make(false)
    const topics = new Set<string>()
    const keys = new Set<string>()
    const successes = new Map<string, number>()
    const successesOf = (topic: string): number => successes.get(topic) ?? 0
    let trials = 0
    let openUntil: number | undefined
    let isTrying = false

    const waitAgain = () => {
      openUntil = monotonicMillis(clock) + Math.min(cap, base * 2 ** trials)
    }
    return {
      admit: (topic, calls) =>
        Effect.sync(() => {
          if (openUntil === undefined || !(calls || topics.has(topic))) return "all"
          if (monotonicMillis(clock) < openUntil) return "none"
          // Should nothing be heard of this one, another may try after the same wait.
          waitAgain()
          isTrying = true
          return "one"
        }),
      successes: (topic) => Effect.sync(() => successesOf(topic)),
      succeeded: (topic) =>
        Effect.sync(() => {
          successes.set(topic, successesOf(topic) + 1)
          if (!topics.has(topic)) return
          topics.clear()
          keys.clear()
          trials = 0
          openUntil = undefined
          isTrying = false
          opened.closeUnsafe()
        }),
      failed: (topic, key, successesBefore) =>
        Effect.sync(() => {
          const hasAnswered = successesBefore !== undefined && successesBefore < successesOf(topic)
          if (openUntil === undefined && hasAnswered) return false
          topics.add(topic)
          if (openUntil === undefined) {
            keys.add(key)
            if (keys.size < options.keys) return false
            waitAgain()
            opened.openUnsafe()
          } else if (isTrying) {
            // Those that were under way when it opened fail too; only a trial prolongs the wait.
            isTrying = false
            trials += 1
            waitAgain()
          }
          return true
        }),
      isOpen: Effect.sync(() => openUntil !== undefined),
      waitMillis: Effect.sync(() => (openUntil === undefined ? 0 : Math.max(0, openUntil - monotonicMillis(clock)))),
      opened: opened.await
    } satisfies Circuit
  })

const openGauge = Metric.gauge("flowforge_circuit_open", {
  description: "1 while a dependency is down for everybody and the consumer waits, else 0"
})

/** Time for a trial to be fetched and carried out before fetching stops again. */
const TRIAL = Duration.seconds(1)

/** Stops fetching while the circuit is open, and lets a trial through when it is due. Never ends. */
export const obeyCircuit = (group: string, circuit: Circuit, subscription: Subscription): Effect.Effect<never> => {
  const gauge = Metric.withAttributes(openGauge, { group })
  return Effect.gen(function* () {
    yield* Metric.update(gauge, 0)
    yield* circuit.opened
    yield* Metric.update(gauge, 1)
    yield* Effect.logWarning("a dependency is down for everybody: waiting")
    while (yield* circuit.isOpen) {
      yield* subscription.pause
      yield* Effect.sleep(Duration.millis(yield* circuit.waitMillis))
      yield* subscription.resume
      yield* Effect.sleep(TRIAL)
    }
    yield* Effect.logInfo("the dependency is back")
  }).pipe(Effect.annotateLogs({ group }), Effect.forever)
}

/** Counts a failure that says that a dependency is away; the batch goes back to the broker once it is so for everybody. */
export const countFailure = Effect.fnUntraced(function* (circuit: Circuit, delivery: Delivery<any>, failure: Failure) {
  if (failure.kind === "dependency" && (yield* circuit.failed(delivery.topic, delivery.key))) {
    return yield* new BatchRefused({ reason: failure.text })
  }
})

/**
 * Lets deliveries through as the circuit allows. The one that tries is any of those that are first of their key: were it
 * always the same, an event that fails by itself would keep the circuit open for ever.
 */
export const throughCircuit =
  <R, R2>(
    member: Pick<Member, "group" | "circuit">,
    entry: Entry<R>,
    handle: (deliveries: Deliveries) => Effect.Effect<void, BatchRefused, R2>
  ) =>
  (deliveries: Deliveries): Effect.Effect<void, BatchRefused, R2 | SqlClient.SqlClient> =>
    Effect.gen(function* () {
      const { group, circuit } = member
      const topic = entry.topic.name
      const admitted = yield* circuit.admit(topic, entry.call !== undefined)
      if (admitted === "none") return yield* new BatchRefused({ reason: "circuit open" })
      if (admitted === "one") {
        const { fresh } = yield* orRefuse(unclaimed(group, topic, deliveries))
        const firsts = [...new Map(fresh.toReversed().map((delivery) => [delivery.key, delivery])).values()]
        const trial = firsts[Math.floor((yield* Random.next) * firsts.length)]
        if (trial !== undefined) {
          yield* handle([trial])
          if (yield* circuit.isOpen) return yield* new BatchRefused({ reason: "circuit open" })
        }
      }
      yield* handle(deliveries)
    })
