import { Duration } from "effect"
import type { EachBatchPayload } from "kafkajs"
import { pass } from "../crash-points.ts"
import type { IncomingRecord } from "../delivery.ts"
import { type HeldPartition, heldAt, type Member, ringAll } from "./member.ts"
import { recordOf } from "./record.ts"

const HEARTBEAT_MILLIS = 1000

/** Until something of the partition changed, or that many milliseconds. */
const change = (held: HeldPartition, millis: number): Promise<void> =>
  new Promise((done) => {
    const timer = setTimeout(done, millis)
    held.changed = () => {
      clearTimeout(timer)
      done()
    }
  })

/** After these kafkajs joins the group anew; after anything else it goes on fetching as the member that it was. */
const JOINING_ERRORS = new Set([
  "REBALANCE_IN_PROGRESS",
  "NOT_COORDINATOR_FOR_GROUP",
  "ILLEGAL_GENERATION",
  "UNKNOWN_MEMBER_ID"
])

const joinsAnew = (error: unknown): boolean => JOINING_ERRORS.has((error as { readonly type?: string }).type ?? "")

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
  const isOurs = () => member.generation === generation
  let acknowledged: IncomingRecord | undefined
  const acknowledge = async () => {
    const { handled } = held
    if (handled === undefined || handled === acknowledged || !isOurs()) return
    const offset = String(BigInt(handled.offset) + 1n)
    await member.acknowledge({ topic, partition, offset }, payload.commitOffsetsIfNecessary)
    pass("consumer.acknowledged")
    // Only now: what Kafka did not hear of is fetched again, or it would stay unacknowledged until more comes.
    resolveOffset(handled.offset)
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
    if (now() < beatAt) continue
    beatAt = now() + HEARTBEAT_MILLIS
    if (member.rebalancing) continue
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
  if (held.retryAt > now() && !member.paused) {
    const resume = payload.pause()
    // To kafkajs, pausing or resuming one partition of a topic that is paused whole sets it going.
    setTimeout(() => member.paused || resume(), held.retryAt - now())
  }
  if (rebalance === undefined) return await acknowledge()
  await acknowledge().catch(() => {})
  // kafkajs waits for the batches of all partitions before it joins: their next owner may be quick.
  if (!joinsAnew(rebalance)) {
    member.rebalancing = false
    ringAll(member)
  }
  throw rebalance
}
