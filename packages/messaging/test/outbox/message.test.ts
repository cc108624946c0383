import { assert, describe, it } from "@effect/vitest"
import { message, partitionOf } from "@flowforge/messaging"
import * as fc from "fast-check"
import { decodeHeaders, encodeHeaders } from "../../src/outbox-headers.ts"
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

  it("headers come back from the outbox's bytes as they were, though its columns are not repeated in them", () => {
    const made = note("k", "a")
    const columns = { source: "mine", topic: made.topic, key: made.key, event_id: made.eventId, value: made.value }
    const dictionary = fc.dictionary(fc.string(), fc.string({ unit: "grapheme" }), { noNullPrototype: true })
    const otherValue = fc.oneof(
      fc.constantFrom('{"timestamp":""}', '{"timestamp":"', '{"a":{"timestamp":"é\\"}'),
      fc.string()
    )
    fc.assert(
      fc.property(dictionary, fc.option(otherValue), (others, text) => {
        const value = text === null ? made.value : new TextEncoder().encode(text)
        const { ce_type: _, ...untyped } = made.headers
        const { ce_time: __, ...timeless } = made.headers
        for (const own of [made.headers, untyped, timeless, {}]) {
          const headers = { ce_source: "/flowforge/mine", ...own, ...others }
          const row = { ...columns, value }
          assert.deepStrictEqual(decodeHeaders(row, encodeHeaders(row, headers)), headers)
        }
      })
    )
    const kept = JSON.parse(
      new TextDecoder().decode(encodeHeaders(columns, { ce_source: "/flowforge/mine", ...made.headers }))
    )
    assert.deepStrictEqual(Object.keys(kept), [])
  })
})
