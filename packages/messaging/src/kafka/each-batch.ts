import { Duration } from "effect"
import type { EachBatchPayload, KafkaMessage } from "kafkajs"
import { pass } from "../crash-points.ts"
import type { IncomingRecord } from "../delivery.ts"
import { type HeldPartition, heldAt, isIdle, type Member, ringAll } from "./member.ts"

const HEARTBEAT_MILLIS = 1000

const textOf = (value: KafkaMessage["headers"]) =>
  Object.fromEntries(
    Object.entries(value ?? {}).map(([name, text]) => [name, String(Array.isArray(text) ? text.at(-1) : (text ?? ""))])
  )

const recordOf = (topic: string, partition: number, message: KafkaMessage): IncomingRecord => ({
  topic,
  partition,
  offset: message.offset,
  key: message.key === null ? null : message.key.toString(),
  value: message.value,
  headers: textOf(message.headers)
})

/** Until something of the partition changed, or that many milliseconds. */
const change = (held: HeldPartition, millis: number): Promise<void> =>
  new Promise((done) => {
    const timer = setTimeout(done, millis)
    held.changed = () => {
      clearTimeout(timer)
      done()
    }
  })

/**
 * Lays what was fetched of one partition before the lanes, and waits until they are done with it, beating the heart
 * meanwhile. Acknowledges what was handled. A failed batch keeps its partition from being fetched until its backoff
 * is over, and no other. Only what kafkajs itself threw leaves it.
 */
export const eachBatch = async (member: Member, payload: EachBatchPayload, now: () => number): Promise<void> => {
  const { batch, resolveOffset } = payload
  const { topic, partition } = batch
  const { generation, options } = member
  const held = heldAt(member, topic, partition)
  const isOurs = () => member.generation === generation && member.held.get(`${partition}/${topic}`) === held
  let acknowledged: IncomingRecord | undefined
  const acknowledge = async () => {
    const { handled } = held
    if (handled === undefined || handled === acknowledged || !isOurs()) return
    resolveOffset(handled.offset)
    const offset = String(BigInt(handled.offset) + 1n)
    await payload.commitOffsetsIfNecessary({ topics: [{ topic, partitions: [{ partition, offset }] }] })
    pass("consumer.acknowledged")
    acknowledged = handled
  }
  held.handled = undefined
  if (batch.messages.length < options.maxBatch) await change(held, Duration.toMillis(options.linger))
  held.records.push(...batch.messages.map((message) => recordOf(topic, partition, message)))
  member.lanes.get(topic)?.ring()

  let rebalance: unknown
  let beatAt = now() + HEARTBEAT_MILLIS
  const mustStop = () =>
    member.paused || member.closing || member.rebalancing || held.retryAt > now() || !payload.isRunning() || !isOurs()
  while (held.inHand > 0 || (held.records.length > 0 && !mustStop())) {
    await change(held, Math.max(0, beatAt - now()))
    if (now() < beatAt || member.rebalancing) continue
    beatAt = now() + HEARTBEAT_MILLIS
    try {
      await payload.heartbeat()
      await acknowledge()
    } catch (error) {
      rebalance = error
      member.rebalancing = true
      ringAll(member)
    }
  }
  held.records.length = 0
  if (held.retryAt > now()) {
    const resume = payload.pause()
    setTimeout(() => resume(), held.retryAt - now())
  }
  if (rebalance === undefined) return await acknowledge()
  // What other partitions have in hand is finished first: their next owner may be quick.
  while (!isIdle(member))
    await change(
      [...member.held.values()].find((other) => other.inHand > 0)!,
      20
    )
  await acknowledge().catch(() => {})
  throw rebalance
}
