import { execFile } from "node:child_process"
import { createHash } from "node:crypto"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as fc from "fast-check"
import { renderPdf } from "../../src/receipts/pdf.ts"
import type { Receipt } from "../../src/receipts/receipt.ts"
import { typed } from "../typed.ts"
import { pagesOf } from "./pdf-text.ts"
import { lineNamed, receipt } from "./receipts.ts"

const render = (changes: Partial<Receipt> = {}) => Effect.runPromise(renderPdf(receipt(changes)))
const textsOf = async (changes: Partial<Receipt> = {}) => pagesOf(await render(changes)).flat()
const NOTE = /stands for a character that this PDF cannot show/u

const program = fileURLToPath(new URL("pdf-in-a-process.ts", import.meta.url))

describe("a receipt as PDF", () => {
  it("says what the page says", async () => {
    const lines = [
      { itemId: 1, name: "Pen", quantity: 3, price: 1 },
      { itemId: 2, name: "Chair", quantity: 1_000, price: 99_999_99 }
    ]
    const texts = await textsOf({ lines, total: 9_999_999_003 })
    for (const text of ["01a20ded-6b62-76a3-8976-bb718ff544b5", "23 November 2026", "Anna", "PAID"]) {
      assert.include(texts, text)
    }
    const at = texts.indexOf("Amount") + 1
    assert.deepStrictEqual(texts.slice(at, at + 12), [
      "Pen",
      "Item 1",
      "3",
      "0.01",
      "0.03",
      "Chair",
      "Item 2",
      "1000",
      "99,999.99",
      "99,999,990.00",
      "Total",
      "99,999,990.03"
    ])
  })

  it("has the same bytes in every process, with its own font or an embedded one", async () => {
    for (const customer of ["Anna", "Łukasz Ελένη"]) {
      const { stdout } = await promisify(execFile)(process.execPath, [program, customer])
      assert.strictEqual(
        stdout.trim(),
        createHash("sha256")
          .update(await render({ customer }))
          .digest("hex")
      )
    }
  })

  for (const name of ["José Müller", "Łukasz Wiśniewski", "Ελένη Παπαδοπούλου", "Дмитрий Соколов"]) {
    it(`writes ${name} in full`, async () => {
      const texts = await textsOf({ customer: name, lines: [lineNamed(name)] })
      assert.strictEqual(texts.filter((text) => text === name).length, 2)
      assert.notMatch(texts.join("\n"), NOTE)
    })
  }

  it("shows � for what no font at hand can write, and says so, once", async () => {
    const texts = await textsOf({ customer: "\u{1f600} Anna" })
    assert.include(texts, "� Anna")
    assert.strictEqual(texts.filter((text) => NOTE.test(text)).length, 1)
  })

  it("has no note when every character is there", async () => {
    for (const customer of ["Anna", "Nguyễn Thị Hương"]) {
      assert.notMatch((await textsOf({ customer })).join("\n"), NOTE)
    }
  })

  it("goes on over pages, each with the heading, no line on two of them and none below the margin", async () => {
    const lines = Array.from({ length: 100 }, (_, n) => ({
      itemId: n + 1,
      name: `Article ${n}`,
      quantity: 1,
      price: 100
    }))
    const pages = pagesOf(await render({ lines, total: 10_000 }))
    assert.isAtLeast(pages.length, 4)
    for (const texts of pages) {
      assert.strictEqual(texts.filter((text) => text === "Amount").length, 1)
      const names = texts.filter((text) => text.startsWith("Article"))
      assert.strictEqual(names.length, texts.filter((text) => text.startsWith("Item ")).length)
    }
    const names = pages.flat().filter((text) => text.startsWith("Article"))
    assert.deepStrictEqual(
      names,
      lines.map(({ name }) => name)
    )
    assert.deepStrictEqual(pages.at(-1)!.filter((text) => text === "Total").length, 1)
  })

  it("breaks long names into lines, with and without spaces", async () => {
    const words = "a very long name of an article ".repeat(8).trim()
    const unbroken = "x".repeat(200)
    const texts = (await textsOf({ customer: words, lines: [lineNamed(words), lineNamed(unbroken)] })).map((text) =>
      text.trim()
    )
    assert.notInclude(texts, words)
    assert.strictEqual(texts.join(" ").split("very long name").length - 1, 16)
    const pieces = texts.filter((text) => /^x+$/u.test(text))
    assert.isAtLeast(pieces.length, 3)
    assert.strictEqual(pieces.join(""), unbroken)
  })

  it("is made of any name whatever", async () => {
    await fc.assert(
      fc.asyncProperty(typed, typed, async (customer, name) => {
        const pages = pagesOf(await render({ customer, lines: [lineNamed(name)] }))
        assert.isAtLeast(pages.length, 1)
        assert.include(pages.flat(), "25.00")
      }),
      { numRuns: 40 }
    )
  })

  it("of a name without end shows its beginning, and costs no more than others", async () => {
    const pages = pagesOf(await render({ customer: "Ł".repeat(100_000), lines: [lineNamed("Pen ".repeat(10_000))] }))
    assert.strictEqual(pages.length, 1)
    assert.match(pages[0]!.join(""), /^.*ŁŁŁ….*Pen….*25\.00/u)
  })
})
