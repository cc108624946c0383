import { Duration, Effect, Latch, Layer } from "effect"
import type { SqlClient } from "effect/sql"
import { Broker } from "../broker.ts"
import { workParked } from "../parked/worker.ts"
import { type CircuitOptions, defaultCircuit, makeCircuit, obeyCircuit } from "../policies/circuit.ts"
import { handleBatch } from "./batch.ts"
import type { Entry } from "./entry.ts"
import type { Member } from "./member.ts"
import { watch } from "./watch.ts"

export interface ConsumerOptions<R> {
  /** The group, named after its service. */
  readonly group: string
  readonly entries: ReadonlyArray<Entry<R>>
  /** The most events in one batch. Default 500. */
  readonly maxBatch?: number
  /** How long to gather more into a batch that is not full. Default 2 milliseconds. */
  readonly linger?: Duration.Input
  /** When a dependency counts as down for everybody, and how long to wait then. */
  readonly circuit?: Partial<CircuitOptions>
}

/**
 * A member of the consumer group, reading all of the group's topics for as long as the Layer lives, with its
 * parked-retry worker.
 */
export const layer = <R>(options: ConsumerOptions<R>): Layer.Layer<never, never, R | Broker | SqlClient.SqlClient> =>
  Layer.effectDiscard(
    Effect.gen(function* () {
      const broker = yield* Broker
      const services = yield* Effect.context<R | SqlClient.SqlClient>()
      const entries = new Map(options.entries.map((entry) => [entry.topic.name, entry]))
      const bell = yield* Latch.make(false)
      const member: Member = {
        group: options.group,
        circuit: yield* makeCircuit({ ...defaultCircuit, ...options.circuit }),
        parked: Effect.asVoid(bell.open),
        clusterId: broker.clusterId
      }
      const subscription = yield* broker.subscribe({
        group: options.group,
        topics: options.entries.map((entry) => entry.topic),
        maxBatch: options.maxBatch ?? 500,
        linger: Duration.fromInputUnsafe(options.linger ?? "2 millis"),
        handle: (records) =>
          handleBatch(member, entries.get(records[0].topic)!, records).pipe(
            Effect.provideContext(services),
            Effect.orDie
          )
      })
      yield* Effect.forkScoped(obeyCircuit(member.group, member.circuit, subscription))
      yield* Effect.forkScoped(workParked(member, entries, bell))
      yield* Effect.forkScoped(watch(member.group, [...entries.keys()], subscription))
    })
  )
