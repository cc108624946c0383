import {
  Broker,
  type IncomingRecord,
  type Message,
  partitionOf,
  type SubscribeOptions,
  type Topic
} from "@flowforge/messaging"
import { Duration, Effect, Exit, Schema, Scope } from "effect"
import { v7 } from "uuid"

/** A topic with two partitions. */
export const topicNamed = (name: string): Topic.Any => ({
  name,
  schema: Schema.Any,
  key: (event) => event.key,
  partitions: 2,
  retention: Duration.days(1),
  deadLetterTopic: `${name}.dlq`
})

/** A topic that no other test has. */
export const newTopic = (): Topic.Any => topicNamed(`topic-${v7()}`)

export const newGroup = (): string => `group-${v7()}`

const utf8 = new TextEncoder()

export const messageOf = (topic: Topic.Any, key: string, text: string): Message => ({
  topic: topic.name,
  partition: partitionOf(key, topic.partitions),
  key,
  eventId: v7(),
  value: utf8.encode(text),
  headers: { text }
})

/** One key for each partition of a topic with two. */
export const keyIn = (partition: number): string => {
  for (let i = 0; ; i++) if (partitionOf(`key-${i}`, 2) === partition) return `key-${i}`
}

const text = new TextDecoder()
export const textOf = (record: IncomingRecord): string => text.decode(record.value!)

/** A member that keeps what it was given, and can be made to leave. */
export interface Reader {
  readonly batches: Array<ReadonlyArray<IncomingRecord>>
  readonly records: () => ReadonlyArray<IncomingRecord>
  readonly texts: () => ReadonlyArray<string>
  readonly subscription: Effect.Success<ReturnType<Broker["Service"]["subscribe"]>>
  readonly leave: Effect.Effect<void>
}

/** Joins the group for as long as the test lasts, unless it is told to leave before. */
export const join = Effect.fnUntraced(function* (
  options: Pick<SubscribeOptions, "group" | "topics"> & Partial<SubscribeOptions>
) {
  const broker = yield* Broker
  const scope = yield* Scope.fork(yield* Effect.scope)
  const batches: Array<ReadonlyArray<IncomingRecord>> = []
  const subscription = yield* broker
    .subscribe({
      maxBatch: 100,
      linger: Duration.millis(5),
      ...options,
      handle: (records) =>
        Effect.andThen(
          options.handle?.(records) ?? Effect.void,
          Effect.sync(() => void batches.push(records))
        )
    })
    .pipe(Scope.provide(scope))
  const reader: Reader = {
    batches,
    records: () => batches.flat(),
    texts: () => batches.flat().map(textOf),
    subscription,
    leave: Scope.close(scope, Exit.void)
  }
  return reader
})
