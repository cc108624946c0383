import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect } from "effect"
import type { EachBatchPayload } from "kafkajs"
import { settle, takeBatch } from "../../src/delivering/batch.ts"
import { eachBatch } from "../../src/kafka/each-batch.ts"
import { makeMember, ringAll } from "../../src/kafka/member.ts"
import { topicNamed } from "./readers.ts"

const newMember = () =>
  makeMember({
    group: "group",
    topics: [topicNamed("topic")],
    maxBatch: 10,
    linger: Duration.zero,
    handle: () => Effect.void
  })

const ofType = (type: string) => Object.assign(new Error(type), { type })

/** What kafkajs hands over with two records of a partition, and what it is told of them. */
const handedOver = (calls: Pick<EachBatchPayload, "commitOffsetsIfNecessary" | "heartbeat">) => {
  const resolved: Array<string> = []
  const payload = {
    ...calls,
    batch: {
      topic: "topic",
      partition: 0,
      messages: ["7", "8"].map((offset) => ({ offset, key: null, value: Buffer.from(offset), headers: {} }))
    },
    resolveOffset: (offset: string) => void resolved.push(offset),
    pause: () => () => {},
    isRunning: () => true
  } as unknown as EachBatchPayload
  return { payload, resolved }
}

/** Takes what lies before the lane, as soon as it does. */
const take = async (member: ReturnType<typeof newMember>) => {
  for (;;) {
    const batch = takeBatch([...member.held.values()], { maxBatch: 10, now: 0, turn: 0 })
    if (batch !== undefined) return batch
    await new Promise((soon) => setImmediate(soon))
  }
}

/** Its clock goes a second forward with every look, so that each wait ends with a heartbeat. */
const fastClock = () => {
  let millis = 1
  return () => (millis += 1000)
}

describe("a batch of kafkajs", () => {
  it("is fetched again when its acknowledgement did not reach Kafka", async () => {
    const member = newMember()
    const lost = ofType("NETWORK_EXCEPTION")
    const { payload, resolved } = handedOver({
      heartbeat: async () => {},
      commitOffsetsIfNecessary: () => Promise.reject(lost)
    })
    const ended = eachBatch(member, payload, () => 1).catch((error: unknown) => error)
    settle(await take(member))
    ringAll(member)
    assert.strictEqual(await ended, lost)
    assert.deepStrictEqual(resolved, [])
  })

  it("is acknowledged when it was handled, however often the heart beats until then", async () => {
    const member = newMember()
    const committed: Array<string> = []
    let beats = 0
    const { payload } = handedOver({
      heartbeat: async () => void (beats += 1),
      commitOffsetsIfNecessary: async (offsets) => void committed.push(offsets!.topics[0]!.partitions[0]!.offset)
    })
    const ended = eachBatch(member, payload, fastClock())
    const batch = await take(member)
    while (beats < 3) await new Promise((soon) => setImmediate(soon))
    assert.deepStrictEqual(committed, [])
    settle(batch)
    ringAll(member)
    await ended
    assert.deepStrictEqual(committed, ["9"])
  })

  const endsWith = async (type: string) => {
    const member = newMember()
    const { payload, resolved } = handedOver({
      heartbeat: () => Promise.reject(ofType(type)),
      commitOffsetsIfNecessary: async () => {}
    })
    const ended = eachBatch(member, payload, fastClock()).catch((error: unknown) => error)
    const batch = await take(member)
    while (!member.rebalancing) await new Promise((soon) => setImmediate(soon))
    settle(batch)
    ringAll(member)
    assert.include(String(await ended), type)
    assert.deepStrictEqual(resolved, ["8"])
    return member
  }

  it("is finished and acknowledged before the group is joined anew, and nothing else begins until then", async () => {
    for (const type of ["REBALANCE_IN_PROGRESS", "UNKNOWN_MEMBER_ID"]) assert.isTrue((await endsWith(type)).rebalancing)
  })

  it("leaves its member at work when the heart could not beat, since nobody joins anew for that", async () => {
    assert.isFalse((await endsWith("REQUEST_TIMED_OUT")).rebalancing)
  })
})
