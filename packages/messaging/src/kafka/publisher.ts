import { Effect } from "effect"
import { type Kafka, type Producer } from "kafkajs"
import { PublishFailed } from "../errors.ts"
import type { Message } from "../message.ts"
import { reasonOf } from "./client.ts"
import { toKafka } from "./record.ts"

/** Kafka takes a batch of a megabyte for each partition, counted with its overhead. */
const REQUEST_BYTES = 700_000
const OVERHEAD_BYTES = 100

/** What the broker says of a batch that it will never take. */
const REFUSALS = new Set(["MESSAGE_TOO_LARGE", "RECORD_LIST_TOO_LARGE", "INVALID_RECORD", "INVALID_TOPIC_EXCEPTION"])

const isRefusal = (error: unknown): boolean => {
  for (let at = error; at instanceof Error; at = at.cause) {
    if (REFUSALS.has((at as { readonly type?: string }).type ?? "")) return true
  }
  return false
}

/** kafkajs would reject the whole batch for one of them, without saying which. */
const findInvalid = (messages: ReadonlyArray<Message>): string | undefined => {
  for (const { headers } of messages) {
    for (const [name, value] of Object.entries(headers)) {
      if (typeof value !== "string") return `the header ${name} is no text`
    }
  }
  return undefined
}

const sizeOf = ({ headers, key, value }: Message): number => {
  let size = OVERHEAD_BYTES + value.length + 3 * key.length
  for (const [name, text] of Object.entries(headers)) size += name.length + 3 * text.length
  return size
}

/** Consecutive parts that a partition takes in one request. */
const requestsOf = function* (messages: ReadonlyArray<Message>) {
  let from = 0
  let bytes = 0
  for (let i = 0; i < messages.length; i++) {
    const size = sizeOf(messages[i]!)
    if (i > from && bytes + size > REQUEST_BYTES) {
      yield messages.slice(from, i)
      from = i
      bytes = 0
    }
    bytes += size
  }
  if (from < messages.length) yield messages.slice(from)
}

const send = (producer: Producer, messages: ReadonlyArray<Message>) => {
  const topics = Map.groupBy(messages, (message) => message.topic)
  return producer.sendBatch({
    acks: -1,
    timeout: 10_000,
    topicMessages: [...topics].map(([topic, all]) => ({
      topic,
      messages: all.map(toKafka)
    }))
  })
}

/** Publishes in order, with finite retries: the outbox is the retry that does not end. */
export const makePublisher = (kafka: Kafka) =>
  Effect.map(
    Effect.acquireRelease(
      Effect.sync(() => kafka.producer({ allowAutoTopicCreation: false })),
      (producer) => Effect.promise(() => producer.disconnect().catch(() => {})).pipe(Effect.timeoutOption(3000))
    ),
    (producer) => {
      let connected: Promise<void> | undefined
      const connect = () =>
        (connected ??= producer.connect().catch((error: unknown) => {
          connected = undefined
          throw error
        }))
      return (messages: ReadonlyArray<Message>): Effect.Effect<void, PublishFailed> =>
        Effect.suspend(() => {
          const invalid = findInvalid(messages)
          if (invalid !== undefined) return Effect.fail(new PublishFailed({ reason: invalid, refused: true }))
          return Effect.tryPromise({
            try: async () => {
              await connect()
              for (const request of requestsOf(messages)) await send(producer, request)
            },
            catch: (error) => new PublishFailed({ reason: reasonOf(error), refused: isRefusal(error) })
          })
        })
    }
  )
