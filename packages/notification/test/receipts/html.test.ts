import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import { renderHtml } from "../../src/receipts/html.ts"
import { formatAmount, formatDay } from "../../src/receipts/receipt.ts"
import { decoded, tagsOf, typed } from "../typed.ts"
import { lineNamed, receipt } from "./receipts.ts"

const cells = (html: string): ReadonlyArray<ReadonlyArray<string>> =>
  html
    .slice(html.indexOf("<tbody>"))
    .split("</tr>")
    .map((row) => [...row.matchAll(/<td[^>]*>(.*?)<\/td>/gsu)].map(([, cell]) => decoded(cell!)))
    .filter((row) => row.length > 0)

describe("a receipt as a page", () => {
  it("has the tags of every other, and the names as they are, whatever anybody is named", () => {
    fc.assert(
      fc.property(typed, typed, (customer, name) => {
        const html = renderHtml(receipt({ customer, lines: [lineNamed(name)] }))
        assert.deepStrictEqual(tagsOf(html), tagsOf(renderHtml(receipt())))
        assert.include(decoded(html), customer)
        assert.include(decoded(html), `${name}Item 7`)
      })
    )
  })

  it("fetches nothing and runs nothing", () => {
    assert.notMatch(renderHtml(receipt()), /<(?:script|link|img|iframe)|https?:|url\(|@import|\son\w+=/u)
  })

  it("shows each line with its amount, and the total it was given", () => {
    const lines = [
      { itemId: 1, name: "Pen", quantity: 3, price: 1 },
      { itemId: 2, name: "Chair", quantity: 1_000, price: 99_999_99 }
    ]
    assert.deepStrictEqual(cells(renderHtml(receipt({ lines, total: 9_999_999_003 }))), [
      ["PenItem 1", "3", "0.01", "0.03"],
      ["ChairItem 2", "1000", "99,999.99", "99,999,990.00"],
      ["Total", "99,999,990.03"]
    ])
  })

  it("shows all of a hundred lines", () => {
    const lines = Array.from({ length: 100 }, (_, n) => ({
      itemId: n + 1,
      name: `Item no ${n}`,
      quantity: 1,
      price: 100
    }))
    assert.strictEqual(cells(renderHtml(receipt({ lines, total: 10_000 }))).length, 101)
  })

  it("says when and for which order, in letters that need no script and no language to read", () => {
    const html = renderHtml(receipt({ day: "2026-02-01" }))
    assert.include(html, "1 February 2026")
    assert.include(html, "01a20ded-6b62-76a3-8976-bb718ff544b5")
    assert.match(html, /^<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">/u)
  })

  it("has the same bytes every time", () => {
    fc.assert(fc.property(typed, (customer) => renderHtml(receipt({ customer })) === renderHtml(receipt({ customer }))))
  })
})

describe("an amount", () => {
  it("reads back as what it was, grouped by thousands, always with two decimals", () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (cents) => {
        const text = formatAmount(cents)
        assert.match(text, /^\d{1,3}(?:,\d{3})*\.\d\d$/u)
        assert.strictEqual(Number(text.replace(/[,.]/gu, "")), cents)
      })
    )
  })

  it("begins with 0 below one", () => {
    assert.deepStrictEqual([0, 5, 50, 99, 100].map(formatAmount), ["0.00", "0.05", "0.50", "0.99", "1.00"])
  })
})

it("a day is written out", () => {
  assert.deepStrictEqual(["2026-01-01", "2026-12-31"].map(formatDay), ["1 January 2026", "31 December 2026"])
})
