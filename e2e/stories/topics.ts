import { Topics } from "@flowforge/contracts"
import { partitionOf } from "@flowforge/messaging"
import { eventually } from "@flowforge/testkit"
import { Effect, type Scope } from "effect"
import { CompressionTypes, type EachMessagePayload, type IHeaders, type Kafka } from "kafkajs"
import type { RawRecord } from "./driver.ts"
import { READERS } from "./readers.ts"

const topics = Object.values(Topics)
const names = topics.map(({ name }) => name)
const partitions = new Map<string, number>(topics.map((topic) => [topic.name, topic.partitions]))

/** What a story does in the topics of a Kafka. */
export interface TopicsInHand {
  readonly recordsOf: (key: string) => Effect.Effect<ReadonlyArray<RawRecord>>
  readonly inject: (records: ReadonlyArray<RawRecord>) => Effect.Effect<void>
  /** Records that these groups have not acknowledged, of all topics. */
  readonly lagOf: (groups: ReadonlyArray<string>) => Effect.Effect<number>
}

const textsOf = (headers: IHeaders = {}): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]))

/** Reads every topic from its beginning for as long as the scope is open, in a group of its own. */
export const topicsOf = (kafka: Kafka): Effect.Effect<TopicsInHand, never, Scope.Scope> =>
  Effect.gen(function* () {
    const { admin, consumer, producer } = yield* Effect.acquireRelease(
      Effect.promise(async () => {
        const admin = kafka.admin()
        const producer = kafka.producer()
        const consumer = kafka.consumer({ groupId: `stories-${process.pid}`, maxWaitTimeInMs: 100 })
        await Promise.all([admin.connect(), producer.connect(), consumer.connect()])
        await consumer.subscribe({ topics: names, fromBeginning: true })
        return { admin, consumer, producer }
      }),
      ({ admin, consumer, producer }) =>
        Effect.promise(() => Promise.allSettled([consumer.disconnect(), producer.disconnect(), admin.disconnect()]))
    )
    const byKey = new Map<string, Array<RawRecord>>()
    const read = new Map<string, number>()
    const keep = async ({ message, partition, topic }: EachMessagePayload): Promise<void> => {
      const key = message.key?.toString() ?? null
      const record = { topic, key, value: message.value ?? Buffer.alloc(0), headers: textsOf(message.headers) }
      byKey.set(key ?? "", [...(byKey.get(key ?? "") ?? []), record])
      read.set(`${topic} ${partition}`, Number(message.offset) + 1)
    }
    yield* Effect.promise(() => consumer.run({ eachMessage: keep }))

    const ends = Effect.promise(async () => {
      const all = await Promise.all(names.map(async (topic) => ({ topic, of: await admin.fetchTopicOffsets(topic) })))
      return all.flatMap(({ of, topic }) =>
        of.map(({ high, low, partition }) => ({ at: `${topic} ${partition}`, high: Number(high), low: Number(low) }))
      )
    })
    /** Everything that stands in the topics now has been read. */
    const caughtUp = Effect.flatMap(ends, (wanted) =>
      eventually(
        "every record of the topics has been read",
        Effect.sync(() => wanted.every(({ at, high, low }) => high === low || (read.get(at) ?? 0) >= high)),
        "30 seconds"
      )
    )
    const lagOfGroup = Effect.fnUntraced(function* (groupId: string) {
      const known = new Map((yield* ends).map(({ at, high, low }) => [at, { high, low }]))
      const acknowledged = yield* Effect.promise(() => admin.fetchOffsets({ groupId, topics: names }))
      const read = acknowledged.filter(({ topic }) => READERS[topic]!.includes(groupId))
      const lags = read.flatMap(({ partitions, topic }) =>
        partitions.map(({ offset, partition }) => {
          const { high, low } = known.get(`${topic} ${partition}`)!
          // Of a partition in which it has acknowledged nothing yet, the group has no offset.
          return high - Math.max(Number(offset), low)
        })
      )
      return lags.reduce((sum, lag) => sum + lag, 0)
    })

    return {
      recordsOf: (key) => Effect.map(Effect.orDie(caughtUp), () => byKey.get(key) ?? []),
      inject: (records) =>
        Effect.promise(() =>
          producer.sendBatch({
            // A megabyte of the same letter is small then, as any producer may send it.
            compression: CompressionTypes.GZIP,
            topicMessages: records.map(({ headers, key, topic, value }) => ({
              topic,
              messages: [
                {
                  key,
                  value: typeof value === "string" ? value : Buffer.from(value),
                  headers: { ...headers },
                  partition: partitionOf(key ?? "", partitions.get(topic)!)
                }
              ]
            }))
          })
        ).pipe(Effect.asVoid),
      lagOf: (groups) => Effect.map(Effect.forEach(groups, lagOfGroup), (lags) => lags.reduce((a, b) => a + b, 0))
    }
  })
