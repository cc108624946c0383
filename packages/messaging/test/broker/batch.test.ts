import { describe, expect, it } from "vitest"
import { type Held, holding, putBack, settle, takeBatch } from "../../src/delivering/batch.ts"

const held = (partition: number, offsets: number): Held => {
  const made = holding("t", partition)
  for (let offset = 0; offset < offsets; offset++) {
    made.records.push({ topic: "t", partition, offset: String(offset), key: null, value: null, headers: {} })
  }
  return made
}

const take = (partitions: ReadonlyArray<Held>, options?: { maxBatch?: number; now?: number; turn?: number }) =>
  takeBatch(partitions, { maxBatch: 10, now: 0, turn: 0, ...options })

const placesOf = (batch: ReturnType<typeof take>) => batch?.records.map((r) => `${r.partition}:${r.offset}`)

describe("a batch", () => {
  it("takes from several partitions, in order within each, up to its bound", () => {
    const partitions = [held(0, 2), held(1, 3)]
    expect(placesOf(take(partitions, { maxBatch: 4 }))).toEqual(["0:0", "0:1", "1:0", "1:1"])
    expect(partitions.map((one) => one.inHand)).toEqual([2, 2])
  })

  it("takes nothing from a partition that is in hand, revoked or empty", () => {
    const [inHand, revoked] = [held(0, 2), held(1, 2)]
    inHand.inHand = 1
    revoked.revoked = true
    expect(take([inHand, revoked, held(2, 0)])).toBeUndefined()
  })

  it("begins with another partition each turn, so that a full one does not starve the others", () => {
    const partitions = [held(0, 20), held(1, 20)]
    expect(take(partitions, { turn: 0 })!.from[0]!.partition).toBe(0)
    const others = [held(0, 20), held(1, 20)]
    expect(take(others, { turn: 1 })!.from[0]!.partition).toBe(1)
  })

  it("goes on after the records that are done", () => {
    const partitions = [held(0, 3)]
    settle(take(partitions, { maxBatch: 2 })!)
    expect(partitions[0]!.handled!.offset).toBe("1")
    expect(placesOf(take(partitions))).toEqual(["0:2"])
  })

  it("comes again after a backoff that doubles up to five seconds, each partition for itself", () => {
    const partitions = [held(0, 1), held(1, 1)]
    putBack(take(partitions)!, 0, 1)
    expect(partitions[0]!.retryAt).toBe(100)
    expect(take(partitions, { now: 99 })).toBeUndefined()
    const again = take(partitions, { now: 100 })!
    expect(placesOf(again)).toEqual(["0:0"])
    putBack(again, 100, 1)
    expect(partitions[0]!.retryAt).toBe(300)
    partitions[0]!.failures = 30
    putBack({ records: [], from: [partitions[0]!] }, 0, 0)
    expect(partitions[0]!.retryAt).toBe(2500)
  })
})
