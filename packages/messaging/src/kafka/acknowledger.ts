import type { EachBatchPayload, TopicOffsets } from "kafkajs"

/** The next offset to read of a partition: everything before it was handled. */
export interface Acknowledged {
  readonly topic: string
  readonly partition: number
  readonly offset: string
}

type Commit = EachBatchPayload["commitOffsetsIfNecessary"]

/**
 * Acknowledges by one request at a time: what is asked for at once, or while a request is under way, goes together into
 * the next. A batch of the lanes has records of many partitions, each of which would have a request of its own.
 */
export const makeAcknowledger = () => {
  let waiting: Array<Acknowledged> = []
  let next: Promise<void> | undefined
  let underWay: Promise<unknown> = Promise.resolve()
  return (acknowledged: Acknowledged, commit: Commit): Promise<void> => {
    waiting.push(acknowledged)
    if (next === undefined) {
      next = underWay.then(() => {
        const topics = byTopic(waiting)
        waiting = []
        next = undefined
        return commit({ topics })
      })
      underWay = next.catch(() => {})
    }
    return next
  }
}

const byTopic = (all: ReadonlyArray<Acknowledged>): Array<TopicOffsets> =>
  [...Map.groupBy(all, ({ topic }) => topic)].map(([topic, some]) => ({
    topic,
    partitions: some.map(({ offset, partition }) => ({ partition, offset }))
  }))
