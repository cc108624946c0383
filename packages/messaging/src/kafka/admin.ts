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

/** Records of each topic that the group has not acknowledged, in all partitions or in some. */
export const lagOf = async (
  admin: Admin,
  groupId: string,
  topics: ReadonlyArray<string>,
  counts: (topic: string, partition: number) => boolean = () => true
) => {
  const acknowledged = await admin.fetchOffsets({ groupId, topics: [...topics] })
  const lags = await Promise.all(
    topics.map(async (topic) => {
      const offsets = new Map(
        acknowledged.find((one) => one.topic === topic)?.partitions.map((p) => [p.partition, Number(p.offset)])
      )
      let lag = 0
      for (const { high, low, partition } of await admin.fetchTopicOffsets(topic)) {
        if (counts(topic, partition))
          lag += Math.max(0, Number(high) - Math.max(Number(low), offsets.get(partition) ?? 0))
      }
      return [topic, lag] as const
    })
  )
  return new Map(lags)
}
