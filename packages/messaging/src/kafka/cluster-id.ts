import type { Admin } from "kafkajs"
import { v4 } from "uuid"

/**
 * A cluster that has lost its data may come back under the same id: it is often part of its settings. So `prepare` leaves a
 * topic whose name alone matters: where it is gone, or another is there, so is everything else.
 */
const MARK = "flowforge.cluster."

export const newMark = (): string => `${MARK}${v4()}`

export const isMark = (topic: string): boolean => topic.startsWith(MARK)

/** Kafka's own id, and the mark of what was prepared there; of two that were made at once, always the same. */
export const clusterIdOf = async (admin: Admin): Promise<string> => {
  const [{ clusterId }, topics] = await Promise.all([admin.describeCluster(), admin.listTopics()])
  const mark = topics.filter(isMark).toSorted()[0]
  return mark === undefined ? clusterId : `${clusterId} ${mark.slice(MARK.length)}`
}
