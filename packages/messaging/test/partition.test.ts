import { partitionOf } from "@flowforge/messaging"
import { describe, expect, it } from "vitest"

/** murmur2 as Kafka's Java client computes it; the published test vectors of other clients. */
const vectors: ReadonlyArray<readonly [key: string, hash: number]> = [
  ["0", 971_027_396],
  ["1", -1_993_445_489],
  ["12", 126_087_238],
  ["123", -267_702_483],
  ["1234", -1_614_185_708],
  ["12345", -1_188_365_604],
  ["128", -326_012_175],
  ["2187", -1_508_407_203],
  ["16384", -325_739_742],
  ["78125", -1_654_490_814],
  ["279936", 1_462_227_128],
  ["823543", -2_014_198_330]
]

describe("the partition of a key", () => {
  it.each(vectors)("of %j is the one that Kafka's Java client chooses", (key, hash) => {
    const positive = hash & 0x7fffffff
    // With 2^31 partitions the partition is the whole of the positive hash.
    expect(partitionOf(key, 2 ** 31)).toBe(positive)
    expect(partitionOf(key, 2)).toBe(positive % 2)
    expect(partitionOf(key, 12)).toBe(positive % 12)
  })

  it("hashes the UTF-8 bytes of a key, not its characters", () => {
    // Four bytes of UTF-8 each, of the same number of UTF-16 units, fall apart by their bytes.
    const partitions = new Set(["😀", "😁", "😂", "🤖", "🚀"].map((key) => partitionOf(key, 2 ** 31)))
    expect(partitions.size).toBe(5)
  })
})
