import { Broker, Consumer, message, Outbox, type Topic, Wakeups } from "@flowforge/messaging"
import { layer as layerMemory } from "@flowforge/messaging/memory"
import { layerTestDatabase } from "@flowforge/testkit"
import { Duration, Effect, Exit, Layer, Logger, References, Schema, Scope } from "effect"
import { SqlClient } from "effect/sql"
import { v7 } from "uuid"
import { eventually } from "../eventually.ts"

const Counted = Schema.Struct({
  event_id: Schema.String,
  event_type: Schema.Literal("thing.counted"),
  timestamp: Schema.String,
  key: Schema.String,
  n: Schema.Int
})
export type Counted = typeof Counted.Type
export type CountedTopic = Topic<string, Counted>

/** A topic that no other test has. */
export const newTopic = (): CountedTopic => {
  const name = `thing.counted.${v7()}`
  return {
    name,
    schema: Counted,
    key: (event) => event.key,
    partitions: 2,
    retention: Duration.days(1),
    deadLetterTopic: `${name}.dlq`
  }
}

export const newGroup = (): string => `group ${v7()}`

export const counted = (key: string, n: number, eventId: string = v7()): Counted => ({
  event_id: eventId,
  event_type: "thing.counted",
  timestamp: "2026-01-01T00:00:00.000Z",
  key,
  n
})

/** One event for each key, numbered from 0. */
export const eachOf = (keys: ReadonlyArray<string>): ReadonlyArray<Counted> => keys.map((key, n) => counted(key, n))

/** The keys `prefix0`, `prefix1` and so on. */
export const keysOf = (prefix: string, count: number): ReadonlyArray<string> =>
  Array.from({ length: count }, (_, n) => `${prefix}${n}`)

export const send = (topic: CountedTopic, ...events: ReadonlyArray<Counted>) =>
  Broker.use((broker) => broker.publish(events.map((event) => message(topic, event))))

/** Nothing is cut off because the machine is busy. */
export const unhurried = { inlineBudget: "10 seconds" } as const
/** A retry follows at once, and there are many. */
export const patient = { ...unhurried, maxAttempts: 1_000, backoff: { base: "5 millis", cap: "10 millis" } } as const
/** A retry that nobody lives to see, unless it is made due. */
export const delayed = { ...unhurried, maxAttempts: 1_000, backoff: { base: "1 hour", cap: "1 hour" } } as const

/** A member at work until it is stopped, or the test is over. */
export const start = Effect.fnUntraced(function* <R>(options: Consumer.ConsumerOptions<R>) {
  const scope = yield* Scope.fork(yield* Effect.scope)
  yield* Layer.buildWithScope(Consumer.layer(options), scope)
  return { stop: Scope.close(scope, Exit.void) }
})

/** How many events of each outcome the group has a record of. */
export const outcomesOf = (group: string) =>
  SqlClient.SqlClient.use((sql) =>
    sql.unsafe<{ outcome: string; count: number }>(
      `SELECT outcome, count(*)::int AS count FROM processed_events WHERE consumer_group = $1 GROUP BY 1`,
      [group]
    )
  ).pipe(Effect.map((rows): Record<string, number> => Object.fromEntries(rows.map((row) => [row.outcome, row.count]))))

export const reaches = (group: string, outcomes: Record<string, number>) =>
  eventually(outcomesOf(group), (found) =>
    ["done", "parked", "dead"].every((outcome) => (found[outcome] ?? 0) === (outcomes[outcome] ?? 0))
  )

export interface Letter {
  readonly topic: string
  readonly partition: number
  readonly broker_offset: string
  readonly key: string | null
  readonly event_id: string | null
  readonly value: Uint8Array | null
  readonly headers: Uint8Array
  readonly error_kind: string
  readonly error: string
  readonly attempts: number
}

export const lettersOf = (group: string) =>
  SqlClient.SqlClient.use((sql) =>
    sql.unsafe<Letter>(`SELECT * FROM dead_letters WHERE consumer_group = $1 ORDER BY died_at, id`, [group])
  )

export interface Parked {
  readonly key: string
  readonly event_id: string
  readonly attempts: number
  readonly error: string | null
}

/** What waits for the group, each key's in order. */
export const parkedOf = (group: string) =>
  SqlClient.SqlClient.use((sql) =>
    sql.unsafe<Parked>(
      `SELECT key, event_id, attempts, error FROM parked_events WHERE consumer_group = $1 ORDER BY key, position`,
      [group]
    )
  )

/** Everything of the group's parked keys is due now, leases included. */
export const makeDue = (group: string) =>
  SqlClient.SqlClient.use((sql) =>
    sql.unsafe(`UPDATE parked_keys SET next_attempt_at = now() WHERE consumer_group = $1`, [group])
  )

/** A Layer under which what is logged is noted. */
export const notingLogs = (said: Array<unknown>) =>
  Layer.merge(
    Logger.layer([Logger.make(({ message }) => void said.push(...[message].flat()))]),
    Layer.succeed(References.MinimumLogLevel, "Warn")
  )

/** A broker in memory and a real PostgreSQL. What goes wrong on purpose is not worth a line. */
export const layerWorld = Layer.mergeAll(
  layerMemory,
  Outbox.layer("test"),
  Layer.succeed(References.MinimumLogLevel, "Error")
).pipe(Layer.provideMerge(Wakeups.layer), Layer.provideMerge(layerTestDatabase))
