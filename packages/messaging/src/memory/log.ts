import type { IncomingRecord } from "../delivery.ts"

export interface KeptRecord extends IncomingRecord {
  /** Milliseconds since 1970. */
  readonly appendedAt: number
}

/** What the broker keeps: a list of records for each (topic, partition), and how far each group has acknowledged. */
export interface Log {
  clusterId: number
  readonly partitions: Map<string, Array<KeptRecord>>
  /** For each group, (topic, partition) → the next offset. */
  readonly acknowledged: Map<string, Map<string, number>>
}

export const makeLog = (): Log => ({ clusterId: 1, partitions: new Map(), acknowledged: new Map() })

export const placeOf = (at: { readonly topic: string; readonly partition: number }): string =>
  `${at.partition}/${at.topic}`

export const recordsAt = (log: Log, place: string): Array<KeptRecord> => {
  let records = log.partitions.get(place)
  if (records === undefined) log.partitions.set(place, (records = []))
  return records
}

export const appendTo = (log: Log, record: Omit<KeptRecord, "offset">): void => {
  const records = recordsAt(log, placeOf(record))
  records.push({ ...record, offset: String(records.length) })
}

export const acknowledgedBy = (log: Log, group: string): Map<string, number> => {
  let offsets = log.acknowledged.get(group)
  if (offsets === undefined) log.acknowledged.set(group, (offsets = new Map()))
  return offsets
}

/** Everything is lost, the groups' offsets too; what comes next begins at 0 again. */
export const wipeLog = (log: Log): void => {
  log.clusterId += 1
  log.partitions.clear()
  log.acknowledged.clear()
}
