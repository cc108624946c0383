import { createRequire } from "node:module"
import { afterEach, assert, beforeEach, describe, it, vi } from "@effect/vitest"
import * as fc from "fast-check"
import type { Message } from "kafkajs"
import Encoder from "kafkajs/src/protocol/encoder.js"
import Produce, { type Batches } from "kafkajs/src/protocol/requests/produce/index.js"
import "../../src/kafka/produce-request.ts"

type Request = (batches: Batches) => { readonly encode: () => Promise<Encoder> }

/** kafkajs' own, past what the import above puts before it. */
const theirs = createRequire(import.meta.url)("kafkajs/src/protocol/requests/produce/v7/request.js") as Request

/** As kafkajs asks for a producer that is not idempotent. */
const batchesOf = (topicData: Batches["topicData"], more: Partial<Batches> = {}): Batches => ({
  acks: -1,
  timeout: 10_000,
  compression: 0,
  transactionalId: undefined,
  producerId: -1,
  producerEpoch: 0,
  topicData,
  ...more
})

const encoded = async (batches: Batches, version = 7): Promise<Buffer> =>
  (await Produce.protocol({ version })(batches).request.encode()).buffer

const bytes = fc.uint8Array({ maxLength: 9_000 }).map((array) => Buffer.from(array))
const text = fc.oneof(fc.string({ maxLength: 40 }), fc.string({ unit: "binary", maxLength: 80 }))
const headerValue = fc.oneof(text, bytes, fc.array(fc.oneof(text, bytes), { maxLength: 3 }))
const message: fc.Arbitrary<Message> = fc.record(
  {
    key: fc.oneof(fc.constant(null), text, bytes),
    value: fc.oneof(fc.constant(null), bytes, text),
    headers: fc.dictionary(text, headerValue, { maxKeys: 6 })
  },
  { requiredKeys: ["value"] }
)
const partition = fc.record({ partition: fc.nat(), messages: fc.array(message, { minLength: 1, maxLength: 8 }) })
const topicData = fc.array(
  fc.record({ topic: text, partitions: fc.array(partition, { minLength: 1, maxLength: 3 }) }),
  { minLength: 1, maxLength: 3 }
)

describe("kafkajs' produce request, mended", () => {
  // Batches carry the time at which they are encoded.
  beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"], now: 1_764_000_000_000 }))
  afterEach(() => void vi.useRealTimers())

  it("is the one that kafkajs would have sent, to the byte", () =>
    fc.assert(
      fc.asyncProperty(topicData, async (data) => {
        const batches = batchesOf(data)
        assert.isTrue((await encoded(batches)).equals((await theirs(batches).encode()).buffer))
      }),
      { numRuns: 200 }
    ))

  it("is not encoded by kafkajs as well", async () => {
    const counting = vi.spyOn(Encoder.prototype, "writeVarInt")
    await encoded(batchesOf([{ topic: "t", partitions: [{ partition: 0, messages: [{ value: "v" }] }] }]))
    assert.strictEqual(counting.mock.calls.length, 0)
    counting.mockRestore()
  })

  it.each([
    ["a timestamp", { messages: [{ value: "v", timestamp: "1763000000000" }] }, {}],
    ["compression", { messages: [{ value: "v" }] }, { compression: 1 }],
    ["an idempotent producer", { messages: [{ value: "v" }] }, { producerId: 7 }],
    ["a transaction", { messages: [{ value: "v" }] }, { transactionalId: "t" }]
  ])("is left to kafkajs where it asks for %s", async (_, { messages }, more) => {
    const batches = batchesOf([{ topic: "t", partitions: [{ partition: 0, messages }] }], more)
    assert.isTrue((await encoded(batches)).equals((await theirs(batches).encode()).buffer))
  })

  it("is left to kafkajs for brokers that know no record batches", async () => {
    const batches = batchesOf([{ topic: "t", partitions: [{ partition: 0, messages: [{ value: "v" }] }] }])
    assert.isFalse((await encoded(batches, 2)).equals(await encoded(batches, 3)))
  })
})
