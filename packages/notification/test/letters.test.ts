import { assert, describe, it } from "@effect/vitest"
import type { CancelReason, OrderId } from "@flowforge/contracts"
import * as fc from "fast-check"
import { cancelledLetter, confirmedLetter } from "../src/letters.ts"
import { decoded, tagsOf, typed } from "./typed.ts"

const orderId = "01a20ded-6b62-76a3-8976-bb718ff544b5" as OrderId
const receiptUrl = `https://shop.example/orders/${orderId}/receipt`
const confirmed = (customer = "Anna", total = 123_456) => confirmedLetter({ orderId, customer, total, receiptUrl })
const cancelled = (customer = "Anna", reason: CancelReason = "PAYMENT_FAILED") =>
  cancelledLetter({ orderId, customer, reason })

describe("the letter about a confirmed order", () => {
  it("names the order, what was paid and where the receipt is, in every form", () => {
    const { html, sms, subject, text } = confirmed()
    for (const form of [decoded(html), text]) {
      for (const part of ["Anna", orderId, "1,234.56", receiptUrl, `${receiptUrl}?format=pdf`])
        assert.include(form, part)
    }
    for (const part of ["bb718ff544b5", "1,234.56", receiptUrl]) assert.include(sms, part)
    assert.strictEqual(subject, "Your order bb718ff544b5 is confirmed")
    assert.isAtMost(sms.length, 160, "one SMS")
  })
})

describe("the letter about a cancelled order", () => {
  const reasons = {
    PAYMENT_FAILED: "the payment was declined",
    OUT_OF_STOCK: "not everything you ordered is in stock",
    CUSTOMER: "you asked us to"
  } satisfies Record<CancelReason, string>
  for (const [reason, words] of Object.entries(reasons)) {
    it(`says why, and that nothing is to be paid: ${reason}`, () => {
      const { html, sms, text } = cancelled("Anna", reason as CancelReason)
      for (const form of [decoded(html), text, sms]) {
        assert.include(form, words)
        assert.include(form, "You pay nothing")
      }
      assert.isAtMost(sms.length, 160, "one SMS")
    })
  }

  it("names no amount and no receipt", () => {
    const { html, sms, text } = cancelled()
    for (const form of [html, sms, text]) assert.notMatch(form, /\d\.\d\d|receipt/u)
  })
})

describe("letters to customers of any name", () => {
  const letters = [confirmed, cancelled] as const

  it("have the tags of every other, and the name as it is", () => {
    fc.assert(
      fc.property(typed, fc.constantFrom(...letters), (name, letter) => {
        const { html } = letter(name)
        assert.deepStrictEqual(tagsOf(html), tagsOf(letter().html))
        assert.include(decoded(html), name)
      })
    )
  })

  it("have the same lines of text, whatever line ends and turns of direction are in the name", () => {
    fc.assert(
      fc.property(typed, fc.constantFrom(...letters), (name, letter) => {
        const { subject, text } = letter(name)
        const lines = text.split(/[\r\n\p{Zl}\p{Zp}]/u)
        assert.deepStrictEqual(lines.slice(1), letter().text.split("\n").slice(1))
        assert.notMatch(text, /[\u202a-\u202e\u2066-\u2069]/u)
        assert.strictEqual(subject, letter().subject)
      })
    )
  })
})
