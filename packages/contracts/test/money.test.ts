import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import * as fc from "fast-check"
import { MinorUnits, Money } from "../src/money.ts"

const decode = Schema.decodeUnknownSync(Money)
const encode = Schema.encodeSync(Money)

/** Any amount the wire carries: up to ten million million. */
const cents = fc.integer({ min: 0, max: 1_000_000_000_000_000 }).map((amount) => MinorUnits.make(amount))

describe("money", () => {
  it("is 12.34 on the wire and 1234 inside", () => {
    assert.strictEqual(decode(JSON.parse("12.34")), 1234)
    assert.strictEqual(JSON.stringify(encode(MinorUnits.make(1234))), "12.34")
  })

  it("is read from whole amounts, from one decimal and from trailing zeros", () => {
    assert.deepStrictEqual(
      ["7", "0.1", "12.30", "0", "1e2"].map((text) => decode(JSON.parse(text))),
      [700, 10, 1230, 0, 10000]
    )
  })

  it("comes back as it left, to the cent, at any size", () => {
    fc.assert(
      fc.property(cents, (amount) => {
        assert.strictEqual(decode(JSON.parse(JSON.stringify(encode(amount)))), amount)
      })
    )
  })

  it("never carries more than two decimals on the wire", () => {
    fc.assert(
      fc.property(cents, (amount) => {
        assert.match(JSON.stringify(encode(amount)), /^\d+(\.\d{1,2})?$/u)
      })
    )
  })

  it.each(["12.345", "0.001", "-1", "-0.01", "10000000000000.01", "1e300", '"12.34"', "null", "true"])(
    "refuses %s",
    (text) => {
      assert.throws(() => decode(JSON.parse(text)))
    }
  )

  it("refuses any third decimal that is not zero", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10_000_000_000_000 }), (mills) => {
        fc.pre(mills % 10 !== 0)
        assert.throws(() => decode(mills / 1000))
      })
    )
  })

  it("is calculated with in whole, non-negative minor units only", () => {
    for (const amount of [0.5, -1, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53]) {
      assert.throws(() => MinorUnits.make(amount))
    }
  })
})
