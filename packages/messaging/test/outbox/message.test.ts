import { assert, describe, it } from "@effect/vitest"
import { message, partitionOf } from "@flowforge/messaging"
import * as fc from "fast-check"
import { headersOf } from "../../src/relay/rows.ts"
import { note, notes, textOf } from "../messages.ts"

describe("message", () => {
  it("throws for an event that does not fit its topic: a defect, not an error to handle", () => {
    const misshaped = { event_id: "1", event_type: "note.taken", timestamp: "now", key: "k", text: 7 }
    assert.throws(() => message(notes, misshaped as never))
  })

  it("keeps any text through the bytes, and its partition depends on the key alone", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), fc.string({ unit: "grapheme" }), (key, text) => {
        const made = note(key, text)
        assert.strictEqual(textOf(made), text)
        assert.strictEqual(made.key, key)
        assert.strictEqual(made.partition, partitionOf(key, notes.partitions))
      })
    )
  })

  it("headers come back from the outbox's bytes as they were", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.string({ unit: "grapheme" }), { noNullPrototype: true }), (headers) => {
        assert.deepStrictEqual(headersOf(new TextEncoder().encode(JSON.stringify(headers))), headers)
      })
    )
  })
})

describe("partitionOf", () => {
  it("is what Kafka's own partitioner chooses", () => {
    // From Kafka's UtilsTest.testMurmur2, as positive numbers modulo a prime.
    const known: ReadonlyArray<readonly [string, number]> = [
      ["21", -973932308],
      ["foobar", -790332482],
      ["a-little-bit-long-string", -985981536],
      ["a-little-bit-longer-string", -1486304829],
      ["lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971]
    ]
    for (const [key, hash] of known) assert.strictEqual(partitionOf(key, 7919), (hash & 0x7fffffff) % 7919, key)
  })

  it("is a partition there is, for any key and number of partitions", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.integer({ min: 1, max: 500 }), (key, partitions) => {
        const partition = partitionOf(key, partitions)
        assert.isTrue(Number.isInteger(partition) && partition >= 0 && partition < partitions)
      })
    )
  })
})
