import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import { cardNumbersIn, holdsCardNumber } from "../src/card-number.ts"

/** Numbers that payment companies publish for tests: each issuer's, 13 to 19 digits. */
const CARDS = [
  "4111111111111111",
  "4222222222222",
  "4000000000000000006",
  "5555555555554444",
  "2223003122003222",
  "378282246310005",
  "30569309025904",
  "3056930009020004",
  "36227206271667",
  "3530111333300000",
  "6011111111111117",
  "6205500000000000004",
  "6304000000000000",
  "6799990100000000019"
]

/** The last digit that makes the sum whole. */
const whole = (digits: string): string => {
  const sum = [...digits].toReversed().reduce((total, text, n) => {
    const digit = n % 2 === 0 ? 2 * Number(text) : Number(text)
    return total + (digit > 9 ? digit - 9 : digit)
  }, 0)
  return `${digits}${(10 - (sum % 10)) % 10}`
}

const digits = (length: number) =>
  fc.string({ unit: fc.constantFrom(..."0123456789"), minLength: length, maxLength: length })
/** Of 16 digits, the commonest. */
const card = fc.tuple(fc.constantFrom("4", "5", "6"), digits(14)).map(([first, rest]) => whole(first + rest))
const gap = fc.string({
  unit: fc.constantFrom(" ", "-", ".", "_", "/", ",", "|", "\t", "\n", "\u00a0", "\u200b", "·"),
  maxLength: 2
})
/** In groups of any size, and digits of any form. */
const written = fc
  .tuple(card, fc.array(gap, { minLength: 15, maxLength: 15 }), fc.constantFrom("0", "０", "⁰", "𝟎"))
  .map(([digits, gaps, zero]) =>
    [...digits].map((digit, n) => (n === 0 ? "" : gaps[n - 1]) + formOf(digit, zero)).join("")
  )

const formOf = (digit: string, zero: string): string =>
  zero === "⁰" ? "⁰¹²³⁴⁵⁶⁷⁸⁹"[Number(digit)]! : String.fromCodePoint(zero.codePointAt(0)! + Number(digit))

const words = fc.constantFrom("", "card ", "tok_", "order-", "é", "№ ", "x", "\ud83d\ude00 ")

const uuid = fc
  .oneof(
    fc.uuid(),
    digits(32).map((all) => all.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/u, "$1-$2-$3-$4-$5"))
  )
  .chain((id) => fc.constantFrom(id, id.toUpperCase()))

describe("a card number", () => {
  it.each(CARDS)("is %s, alone and in a longer text", (number) => {
    for (const text of [number, `tok_${number}`, `my card is ${number}, please`, `order-${number}-2`]) {
      assert.isTrue(holdsCardNumber(text), text)
    }
  })

  it.each([
    "4111 1111 1111 1111",
    "4111-1111-1111-1111",
    "4111.1111.1111.1111",
    "4111_1111_1111_1111",
    "4111/1111/1111/1111",
    "4111 - 1111 - 1111 - 1111",
    "4111\t1111\u00a01111\n1111",
    "4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1",
    "3782 822463 10005",
    "４１１１１１１１１１１１１１１１",
    "４１１１－１１１１－１１１１－１１１１",
    "12 4111 1111 1111 1111 05/27"
  ])("is found in %j", (text) => {
    assert.isTrue(holdsCardNumber(text))
  })

  it("is found in whatever grouping and form of its digits, and nothing but it", () => {
    fc.assert(
      fc.property(words, written, words, (before, text, after) => {
        assert.deepStrictEqual(cardNumbersIn(`${before}${text} ${after}`), [
          { start: before.length, end: before.length + text.length }
        ])
      })
    )
  })

  it("is not what has another last digit, whatever its grouping", () => {
    fc.assert(
      fc.property(card, fc.integer({ min: 1, max: 9 }), (number, more) => {
        const other = `${number.slice(0, -1)}${(Number(number.at(-1)) + more) % 10}`
        assert.isFalse(holdsCardNumber(other))
        assert.isFalse(holdsCardNumber(other.replace(/(....)(?=.)/gu, "$1 ")))
      })
    )
  })

  it("is no UUID, not even of digits only, nor two of them", () => {
    fc.assert(
      fc.property(uuid, uuid, (one, other) => {
        for (const text of [one, `${one} ${other}`, `order_${one}`, `{"id":"${one}"}`])
          assert.isFalse(holdsCardNumber(text))
      })
    )
  })

  it("is no hash and no trace", () => {
    const hex = (length: number) =>
      fc.string({ unit: fc.constantFrom(..."0123456789abcdef"), minLength: length, maxLength: length })
    fc.assert(
      fc.property(fc.oneof(hex(24), hex(32), hex(40), hex(64), hex(128)), (id) => {
        assert.isFalse(holdsCardNumber(id))
      })
    )
    assert.isFalse(holdsCardNumber(`a4111111111111111${"b".repeat(15)}`))
  })

  it("is no time since 1970, in any unit, and no date", () => {
    const time = fc.date({ min: new Date("2001-09-10"), max: new Date("2099-12-31"), noInvalidDate: true })
    fc.assert(
      fc.property(
        time.filter((at) => at.getTime() < 2e12),
        digits(6),
        (at, rest) => {
          const millis = String(at.getTime())
          for (const text of [millis, `${millis}${rest.slice(3)}`, `${millis}${rest}`, `k-${millis}`]) {
            assert.isFalse(holdsCardNumber(text), text)
          }
        }
      )
    )
    fc.assert(
      fc.property(time, digits(2), (at, rest) => {
        const iso = at.toISOString()
        const figures = iso.replace(/\D/gu, "")
        for (const text of [iso, figures, figures.slice(0, 14), `${figures.slice(0, 14)}${rest}`]) {
          assert.isFalse(holdsCardNumber(text), text)
        }
      })
    )
  })

  it.each([
    "+62 812 3456 78901",
    "5511912345678",
    "0.4111111111111111",
    "302-1234567-1234560",
    "41111111111111110000",
    "4111    1111    1111    1111"
  ])(
    "is not %s: a telephone, a fraction, an order, more digits than any card has, digits that do not belong together",
    (text) => {
      assert.isFalse(holdsCardNumber(text))
    }
  )

  it("is looked for in a time that grows with the length only", () => {
    for (const part of ["1 ", "5 ", "5", "a", "-", "0a", "٤", "00000000-0000-"]) {
      const startedAt = process.cpuUsage().user
      holdsCardNumber(part.repeat(65_536 / part.length))
      assert.isBelow((process.cpuUsage().user - startedAt) / 1_000, 200, part)
    }
  })
})
