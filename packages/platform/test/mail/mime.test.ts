import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import { type Mail } from "@flowforge/platform"
import { renderMail } from "../../src/mail/mime.ts"
import { readMessage } from "../../src/mail/read-mime.ts"

const ID = "01a20ded-6c60-76ac-a04d-1cfe5d8446f7"
const FROM = "FlowForge <orders@flowforge.example>"
const mail: Mail = { id: ID, to: "anna@example.com", subject: "About your order", text: "text", html: "<p>html</p>" }
const render = (changes: Partial<Mail>) => renderMail({ ...mail, ...changes }, FROM, Date.UTC(2026, 10, 24, 9, 5, 7))

/** What somebody may have typed, line ends, quotes and encoded words among it. */
const typed = fc.oneof(
  fc.string({ unit: "binary", maxLength: 300 }),
  fc
    .array(
      fc.constantFrom("\r\n", "\n", "\r", "Bcc: eve@example.com", '"', "\\", "=?UTF-8?B?QQ==?=", " ", "Łukasz 北京"),
      {
        maxLength: 20
      }
    )
    .map((parts) => parts.join(""))
)
/** One line of it, as a header can hold it. */
const oneLine = (text: string): string =>
  text
    .toWellFormed()
    .replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, " ")
    .trim()
const NAMES = ["Date", "From", "To", "Subject", "Message-ID", "MIME-Version", "Content-Type"]
const headOf = (source: string): string => source.slice(0, source.indexOf("\r\n\r\n"))

describe("a mail as it goes out", () => {
  it("has the same headers whatever a customer is named and a subject says", () => {
    fc.assert(
      fc.property(typed, typed, (toName, subject) => {
        const head = headOf(render({ toName, subject }))
        const fields = head.split("\r\n").filter((line) => !line.startsWith(" "))
        assert.deepStrictEqual(
          fields.map((line) => line.split(":")[0]),
          NAMES
        )
        assert.isFalse(/\r(?!\n)|(?<!\r)\n/u.test(head), "a bare line end")
        for (const line of head.split("\r\n")) assert.isAtMost(Buffer.byteLength(line), 998)
      })
    )
  })

  it("says the name and the subject to those who read it", () => {
    fc.assert(
      fc.property(typed, typed, (toName, subject) => {
        const { header } = readMessage(render({ toName, subject }))
        assert.strictEqual(header("Subject"), oneLine(subject))
        const name = oneLine(toName)
        const to = header("To")
        // Plain names stand in quotes, encoded ones as they are, whatever quotes they have themselves.
        const expected = name === "" ? "anna@example.com" : `${name} <anna@example.com>`
        assert.include([to, unquoted(to)], expected)
      })
    )
  })

  it("gives text and HTML back as they were, long lines and all", () => {
    const lines = fc.oneof(typed, fc.string({ unit: "grapheme", minLength: 900, maxLength: 3_000 }))
    fc.assert(
      fc.property(lines, lines, (text, html) => {
        const source = render({ text, html })
        const { parts } = readMessage(source)
        assert.strictEqual(sameLines(parts.get("text/plain")!), sameLines(text))
        assert.strictEqual(sameLines(parts.get("text/html")!), sameLines(html))
        for (const line of source.split("\r\n")) assert.isAtMost(Buffer.byteLength(line), 998)
      })
    )
  })

  it("keeps a body that looks like the end of a part inside its part", () => {
    const text = `first\r\n--=_${ID}--\r\nContent-Type: text/html\r\n\r\n<b>`
    const { parts } = readMessage(render({ text }))
    assert.strictEqual(sameLines(parts.get("text/plain")!), sameLines(text))
    assert.strictEqual(parts.get("text/html")!.trim(), mail.html)
  })

  it("is dated as RFC 5322 wants it", () => {
    assert.strictEqual(readMessage(render({})).header("Date"), "Tue, 24 Nov 2026 09:05:07 +0000")
  })
})

const sameLines = (text: string): string =>
  text
    .toWellFormed()
    .replace(/\r\n|\r/gu, "\n")
    .trimEnd()

const unquoted = (to: string): string => {
  const quoted = /^"((?:[^"\\]|\\.)*)"( <.*)$/u.exec(to)
  return quoted === null ? to : quoted[1]!.replace(/\\(.)/gu, "$1") + quoted[2]!
}
