import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import Encoder from "kafkajs/src/protocol/encoder.js"
import "../../src/kafka/encoder.ts"

const lengthThenBytes = (bytes: Buffer): Buffer => {
  const length = Buffer.alloc(4)
  length.writeInt32BE(bytes.length)
  return Buffer.concat([length, bytes])
}

describe("kafkajs' encoder, mended", () => {
  it("writes what it is given, however often it grows, also inside another one", () => {
    const parts = fc.array(fc.uint8Array({ maxLength: 1_500 }), { maxLength: 12 })
    fc.assert(
      fc.property(parts, (arrays) => {
        const all = arrays.map((bytes) => Buffer.from(bytes))
        const inner = all.reduce((encoder, bytes) => encoder.writeBytes(bytes), new Encoder())
        const expected = Buffer.concat(all.map(lengthThenBytes))
        assert.isTrue(inner.buffer.equals(expected))
        assert.isTrue(
          new Encoder()
            .writeEncoder(inner)
            .writeEncoder(inner)
            .buffer.equals(Buffer.concat([expected, expected]))
        )
      })
    )
  })

  it("begins with 64 bytes, not with 512", () => {
    assert.strictEqual(new Encoder().buf.length, 64)
    assert.strictEqual(new Encoder(1_000).buf.length, 1_024)
  })
})
