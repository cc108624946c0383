import { Effect } from "effect"
import type { Admin, Kafka } from "kafkajs"
import { PublishFailed } from "../errors.ts"
import { reasonOf } from "./client.ts"

export type Asking = <A>(question: (admin: Admin) => Promise<A>) => Effect.Effect<A, PublishFailed>

/** Asks the cluster about itself, over one connection that is made when it is needed. */
export const makeAdmin = (kafka: Kafka) =>
  Effect.map(
    Effect.acquireRelease(
      Effect.sync(() => kafka.admin({ retry: { retries: 3, initialRetryTime: 100, maxRetryTime: 1000 } })),
      (admin) => Effect.promise(() => admin.disconnect().catch(() => {})).pipe(Effect.timeoutOption(3000))
    ),
    (admin): Asking => {
      let connected: Promise<void> | undefined
      const connect = () =>
        (connected ??= admin.connect().catch((error: unknown) => {
          connected = undefined
          throw error
        }))
      return (question) =>
        Effect.tryPromise({
          try: async () => {
            await connect()
            return await question(admin)
          },
          catch: (error) => new PublishFailed({ reason: reasonOf(error), refused: false })
        })
    }
  )

export const membersOf = async (admin: Admin, groupId: string): Promise<number> =>
  (await admin.describeGroups([groupId])).groups[0]?.members.length ?? 0

/** What a group has not acknowledged of a partition: from one offset up to (not including) another. */
interface Backlog {
  readonly topic: string
  readonly partition: number
  readonly from: number
  readonly until: number
}

const backlogsOf = async (
  admin: Admin,
  groupId: string,
  topics: ReadonlyArray<string>
): Promise<ReadonlyArray<Backlog>> => {
  const acknowledged = await admin.fetchOffsets({ groupId, topics: [...topics] })
  const backlogs = await Promise.all(
    topics.map(async (topic) => {
      const offsets = new Map(
        acknowledged.find((one) => one.topic === topic)?.partitions.map((p) => [p.partition, Number(p.offset)])
      )
      return (await admin.fetchTopicOffsets(topic)).map(({ high, low, partition }) => ({
        topic,
        partition,
        from: Math.max(Number(low), offsets.get(partition) ?? 0),
        until: Number(high)
      }))
    })
  )
  return backlogs.flat()
}

/** Records of each topic that the group has not acknowledged, in all partitions or in some. */
export const lagOf = async (
  admin: Admin,
  groupId: string,
  topics: ReadonlyArray<string>,
  counts: (topic: string, partition: number) => boolean = () => true
): Promise<ReadonlyMap<string, number>> => {
  const lags = new Map(topics.map((topic) => [topic, 0]))
  for (const { from, partition, topic, until } of await backlogsOf(admin, groupId, topics)) {
    if (counts(topic, partition)) lags.set(topic, lags.get(topic)! + Math.max(0, until - from))
  }
  return lags
}

/** Seconds. Kafka tells what came before a time, not when something came: so much is known of a waiting time. */
const AGES = [10, 60, 600, 3_600, 86_400]

/** How long the oldest record has waited at least: milliseconds, one of the ages. */
export const waitingOf = async (
  admin: Admin,
  groupId: string,
  topics: ReadonlyArray<string>,
  now: number
): Promise<number> => {
  const backlogs = (await backlogsOf(admin, groupId, topics)).filter(({ from, until }) => from < until)
  const behind = [...new Set(backlogs.map(({ topic }) => topic))]
  const isAnyOlder = async (age: number) => {
    const before = await Promise.all(behind.map((topic) => admin.fetchTopicOffsetsByTimestamp(topic, now - age * 1000)))
    return backlogs.some(({ from, partition, topic }) =>
      before[behind.indexOf(topic)]!.some((one) => one.partition === partition && from < Number(one.offset))
    )
  }
  let waiting = 0
  for (const age of behind.length === 0 ? [] : AGES) {
    if (!(await isAnyOlder(age))) break
    waiting = age * 1000
  }
  return waiting
}
