import { assert, describe, it } from "@effect/vitest"
import type { OffsetsByTopicPartition } from "kafkajs"
import { makeAcknowledger } from "../../src/kafka/acknowledger.ts"

/** Requests that stay open until they are answered. */
const requests = () => {
  const open: Array<{ readonly offsets: OffsetsByTopicPartition; readonly done: PromiseWithResolvers<void> }> = []
  const commit = (offsets?: OffsetsByTopicPartition): Promise<void> => {
    const done = Promise.withResolvers<void>()
    open.push({ offsets: offsets!, done })
    return done.promise
  }
  return { open, commit }
}

const soon = () => new Promise((turn) => setImmediate(turn))

const at = (topic: string, partition: number, offset: string) => ({ topic, partition, offset })

describe("offsets that are acknowledged", () => {
  it("at once go to Kafka in one request, by their topics", async () => {
    const acknowledge = makeAcknowledger()
    const { commit, open } = requests()
    const all = [at("a", 0, "5"), at("b", 0, "7"), at("a", 1, "6")].map((one) => acknowledge(one, commit))
    await soon()
    assert.deepStrictEqual(
      open.map(({ offsets }) => offsets),
      [
        {
          topics: [
            {
              topic: "a",
              partitions: [
                { partition: 0, offset: "5" },
                { partition: 1, offset: "6" }
              ]
            },
            { topic: "b", partitions: [{ partition: 0, offset: "7" }] }
          ]
        }
      ]
    )
    open[0]!.done.resolve()
    await Promise.all(all)
  })

  it("while a request is under way wait for its end, and go together then", async () => {
    const acknowledge = makeAcknowledger()
    const { commit, open } = requests()
    const first = acknowledge(at("a", 0, "5"), commit)
    await soon()
    const later = [acknowledge(at("a", 1, "6"), commit), acknowledge(at("a", 2, "7"), commit)]
    await soon()
    assert.strictEqual(open.length, 1)
    open[0]!.done.resolve()
    await first
    await soon()
    assert.strictEqual(open.length, 2)
    assert.deepStrictEqual(
      open[1]!.offsets.topics[0]!.partitions.map(({ offset }) => offset),
      ["6", "7"]
    )
    open[1]!.done.resolve()
    await Promise.all(later)
  })

  it("in a request that fails are told so, all of them and none of those after it", async () => {
    const acknowledge = makeAcknowledger()
    const { commit, open } = requests()
    const lost = new Error("lost")
    const failing = [acknowledge(at("a", 0, "5"), commit), acknowledge(at("a", 1, "6"), commit)]
    const failed = Promise.all(failing.map((one) => one.catch((error: unknown) => error)))
    await soon()
    const after = acknowledge(at("a", 2, "7"), commit)
    open[0]!.done.reject(lost)
    assert.deepStrictEqual(await failed, [lost, lost])
    await soon()
    open[1]!.done.resolve()
    await after
  })
})
