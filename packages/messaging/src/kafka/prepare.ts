import { Duration, Effect, Schedule, Schema } from "effect"
import type { Topic } from "../topic.ts"
import { type Asking, makeAdmin } from "./admin.ts"
import { type KafkaOptions, makeClient } from "./client.ts"
import { isMark, newMark } from "./cluster-id.ts"

/** Topics are not as they are declared, and may not be made so. Source: Kafka, or what it allows us. */
export class TopicsNotReady extends Schema.TaggedError<TopicsNotReady>()("TopicsNotReady", {
  problems: Schema.Array(Schema.String)
}) {
  override readonly message = this.problems.join("; ")
}

export interface PrepareOptions {
  readonly topics: ReadonlyArray<Topic.Any>
  /** 1 by default. Of three or more, two must have a record before it counts as published: one broker may be lost. */
  readonly replicas?: number
  /** Where creating is forbidden the topics are only looked at. */
  readonly create: boolean
}

const DEAD_LETTERS_KEPT = Duration.days(30)
/** A dead letter is all that its record was, unpacked, and why it is dead: it may be larger than any record. */
const DEAD_LETTER_BYTES = 16 * 1024 * 1024

/** A few seconds, at the pace of a broker that is about to be ready. */
const UNTIL_LED = { schedule: Schedule.spaced("50 millis"), times: 100 }

/**
 * Leaders are named before they lead. A request that one partition refuses until then is sent again whole, and its other
 * partitions would have its records twice.
 */
const untilLed = (ask: Asking, topics: ReadonlyArray<string>) => {
  const isLed = (topic: string) => ask((admin) => admin.fetchTopicOffsets(topic))
  return Effect.forEach(topics, (topic) => Effect.retry(isLed(topic), UNTIL_LED), { concurrency: 8, discard: true })
}

/**
 * Creates the topics, and their dead-letter topics, that are missing, and verifies those that are there. Partitions
 * never grow: keys would lose their order.
 */
export const prepare = (kafka: KafkaOptions, options: PrepareOptions) =>
  Effect.gen(function* () {
    const ask = yield* makeAdmin(makeClient(kafka, yield* Effect.context<never>()))
    const wanted = options.topics.flatMap(({ deadLetterTopic, name, partitions, retention }) => [
      { name, partitions, retention, largest: undefined },
      { name: deadLetterTopic, partitions, retention: DEAD_LETTERS_KEPT, largest: DEAD_LETTER_BYTES }
    ])
    const replicas = options.replicas ?? 1
    const listed = yield* ask((admin) => admin.listTopics())
    const names = new Set(listed)
    // It never has a record.
    const mark = { name: newMark(), partitions: 1, retention: DEAD_LETTERS_KEPT, largest: undefined }
    const missing = [...wanted, ...(listed.some(isMark) ? [] : [mark])].filter(({ name }) => !names.has(name))
    if (missing.length > 0 && options.create) {
      yield* ask((admin) =>
        admin.createTopics({
          waitForLeaders: true,
          topics: missing.map(({ largest, name, partitions, retention }) => ({
            topic: name,
            numPartitions: partitions,
            replicationFactor: replicas,
            configEntries: [
              { name: "retention.ms", value: String(Duration.toMillis(retention)) },
              ...(replicas < 3 ? [] : [{ name: "min.insync.replicas", value: "2" }]),
              ...(largest === undefined ? [] : [{ name: "max.message.bytes", value: String(largest) }])
            ]
          }))
        })
      )
      yield* untilLed(
        ask,
        missing.map(({ name }) => name)
      )
    }
    const known = options.create ? wanted : wanted.filter(({ name }) => names.has(name))
    const { topics } = yield* ask((admin) => admin.fetchTopicMetadata({ topics: known.map(({ name }) => name) }))
    const partitions = new Map(topics.map((topic) => [topic.name, topic.partitions.length]))
    const problems = wanted.flatMap((topic) => {
      const found = partitions.get(topic.name)
      if (found === topic.partitions) return []
      return [
        `${topic.name} ${found === undefined ? "is missing" : `has ${found} partitions, not ${topic.partitions}`}`
      ]
    })
    if (problems.length > 0) return yield* new TopicsNotReady({ problems })
  }).pipe(Effect.scoped)
