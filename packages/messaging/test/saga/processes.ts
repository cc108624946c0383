import { Broker, Consumer, OutboxRelay } from "@flowforge/messaging"
import { MemoryBroker } from "@flowforge/messaging/memory"
import { Effect, Exit, Layer, Scope } from "effect"
import { type Bank, entriesOf, type Topics } from "./accounts.ts"
import { type Boundaries, boundariesOf, type Plan } from "./faults.ts"

export interface Run {
  readonly name: string
  readonly topics: Topics
  readonly bank: Bank
  readonly plan: Plan
  /** The most events in a batch. */
  readonly batch: number
}

export const groupsOf = (run: string) => ({ accounts: `accounts ${run}`, bank: `bank ${run}` })

/** The broker, with a boundary after each publish, and one between the handling of a batch and its acknowledgement. */
const layerWithBoundaries = ({ reach }: Boundaries) =>
  Layer.effect(
    Broker,
    Effect.map(Broker, (broker) => ({
      ...broker,
      publish: (messages) => Effect.tap(broker.publish(messages), () => reach),
      subscribe: (options) =>
        broker.subscribe({ ...options, handle: (records) => Effect.tap(options.handle(records), () => reach) })
    }))
  )

/** One process: a member of each group, with their parked workers, and a relay. */
const startProcess = Effect.fnUntraced(function* ({ name, topics, bank, plan, batch }: Run) {
  const scope = yield* Scope.fork(yield* Effect.scope)
  const boundaries = boundariesOf(plan)
  const entries = entriesOf(name, topics, bank, boundaries)
  const groups = groupsOf(name)
  const consumers = Layer.merge(
    Consumer.layer({ group: groups.accounts, entries: entries.accounts, maxBatch: batch }),
    Consumer.layer({ group: groups.bank, entries: entries.bank, maxBatch: batch })
  )
  // No singleton on purpose: two relays at once publish twice at most, and that must be harmless.
  const relay = Layer.effectDiscard(Effect.forkScoped(OutboxRelay.run({ source: name, subscriptions: [], batch: 3 })))
  const process = Layer.merge(consumers, relay).pipe(Layer.provide(layerWithBoundaries(boundaries)))
  yield* Layer.buildWithScope(process, scope)
  return { crashed: boundaries.crashed, end: Scope.close(scope, Exit.void) }
})

/** Keeps as many processes at work: one that is to be killed is, in the middle of its work, and another is started. */
export const keepRunning = Effect.fnUntraced(function* (run: Run, processes: number) {
  const memory = yield* MemoryBroker
  const groups = groupsOf(run.name)
  const living: Array<Effect.Success<ReturnType<typeof startProcess>>> = []
  for (let n = 0; n < processes; n++) living.push(yield* startProcess(run))
  const replace = Effect.gen(function* () {
    const which = yield* Effect.raceAllFirst(living.map(({ crashed }, n) => Effect.as(crashed, n)))
    for (const group of Object.values(groups)) yield* memory.crash(group, which)
    const [dead] = living.splice(which, 1)
    yield* dead!.end
    living.push(yield* startProcess(run))
  })
  yield* Effect.forkScoped(Effect.forever(replace))
})
