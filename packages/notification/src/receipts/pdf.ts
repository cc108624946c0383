import { fileURLToPath } from "node:url"
import { Effect } from "effect"
import PDFDocument from "pdfkit"
import { formatAmount, formatDay, type Receipt } from "./receipt.ts"

/** What the standard fonts can write; anything else they would garble without a word. */
const LATIN_1 = /^[\x20-\x7e\xa0-\xff]*$/u
/** Stands for a character that no font at hand can write. */
const MISSING = "\ufffd"

/** Characters of a name that are shown: laying out a text costs by its length, and the page has the whole of it. */
const MAX_NAME = 300

const NOTO_SANS = fileURLToPath(new URL("../fonts/NotoSans-Regular.ttf", import.meta.resolve("@embedpdf/fonts-latin")))
/** Only our own words are bold. */
const BOLD = "Helvetica-Bold"

const MARGIN = 56
const WIDTH = 595.28 - 2 * MARGIN
const BOTTOM = 841.89 - MARGIN
/** The right edge of each column, from the left margin; the first one begins at it. */
const COLUMNS = { name: 240, quantity: 300, price: 390, amount: WIDTH } as const
const INK = "#1c2733"
const PALE = "#5b6b7b"
const GREEN = "#14532d"

const shortened = (name: string): string =>
  name.length > MAX_NAME ? `${name.slice(0, MAX_NAME).toWellFormed().trimEnd()}…` : name

/**
 * The receipt as PDF, one page after another. Latin, Greek and Cyrillic are written; characters beyond them become U+FFFD,
 * with a note that says so. The same receipt gives the same bytes.
 */
export const renderPdf = (receipt: Receipt): Effect.Effect<Uint8Array> =>
  Effect.callback((resume) => {
    const day = new Date(`${receipt.day}T00:00:00Z`)
    const document = new PDFDocument({
      size: "A4",
      margin: MARGIN,
      info: { Title: `Receipt ${receipt.orderId}`, Author: "FlowForge", CreationDate: day, ModDate: day }
    })
    const chunks: Array<Buffer> = []
    document.on("data", (chunk: Buffer) => chunks.push(chunk))
    document.on("end", () => resume(Effect.succeed(Buffer.concat(chunks))))
    document.on("error", (error: Error) => resume(Effect.die(error)))
    draw(document, receipt)
    document.end()
  })

interface Fonts {
  readonly regular: string
  readonly legible: (text: string) => string
}

const fontsFor = (document: PDFKit.PDFDocument, texts: ReadonlyArray<string>): Fonts => {
  if (texts.every((text) => LATIN_1.test(text))) {
    return { regular: "Helvetica", legible: (text) => text }
  }
  document.registerFont("NotoSans", NOTO_SANS)
  document.font("NotoSans")
  const { font } = (document as unknown as { _font: { font: { hasGlyphForCodePoint: (code: number) => boolean } } })
    ._font
  const legible = (text: string): string =>
    Array.from(text, (character) => (font.hasGlyphForCodePoint(character.codePointAt(0)!) ? character : MISSING)).join(
      ""
    )
  return { regular: "NotoSans", legible }
}

const draw = (document: PDFKit.PDFDocument, receipt: Receipt): void => {
  const customer = shortened(receipt.customer)
  const lines = receipt.lines.map((line) => ({ ...line, name: shortened(line.name) }))
  const texts = [customer, ...lines.map(({ name }) => name)]
  const { legible, regular } = fontsFor(document, texts)
  const left = MARGIN
  const rule = (y: number, colour: string, width = 0.75) =>
    document
      .moveTo(left, y)
      .lineTo(left + WIDTH, y)
      .lineWidth(width)
      .strokeColor(colour)
      .stroke()
  const right = (text: string, column: { readonly from: number; readonly to: number }, y: number) =>
    document.text(text, left + column.from, y, { width: column.to - column.from, align: "right", lineBreak: false })

  document.font(BOLD).fontSize(15).fillColor(GREEN).text("FlowForge", left, MARGIN)
  document
    .font(BOLD)
    .fontSize(10)
    .text("PAID", left, MARGIN + 4, { width: WIDTH, align: "right" })
  rule(MARGIN + 28, GREEN, 1.5)
  document
    .font(BOLD)
    .fontSize(20)
    .fillColor(INK)
    .text("Receipt", left, MARGIN + 46)
  let y = MARGIN + 84
  for (const [label, value] of [
    ["Order", receipt.orderId],
    ["Date", formatDay(receipt.day)],
    ["Customer", legible(customer)]
  ] as const) {
    document.font(regular).fontSize(10).fillColor(PALE).text(label, left, y)
    document.fillColor(INK).text(value, left + 80, y, { width: WIDTH - 80 })
    y = Math.max(document.y, y + 14) + 3
  }

  const heading = () => {
    document.font(regular).fontSize(9).fillColor(PALE).text("Item", left, y)
    right("Quantity", { from: COLUMNS.name, to: COLUMNS.quantity }, y)
    right("Price", { from: COLUMNS.quantity, to: COLUMNS.price }, y)
    right("Amount", { from: COLUMNS.price, to: COLUMNS.amount }, y)
    rule(y + 16, "#c5ced8")
    y += 23
  }
  const nextPage = () => {
    document.addPage()
    y = MARGIN
  }
  y += 20
  heading()
  for (const { itemId, name, price, quantity } of lines) {
    const shown = legible(name)
    document.font(regular).fontSize(10)
    const height = document.heightOfString(shown, { width: COLUMNS.name - 10 }) + 16
    if (y + height > BOTTOM) {
      nextPage()
      heading()
      document.font(regular).fontSize(10)
    }
    document.fillColor(INK).text(shown, left, y, { width: COLUMNS.name - 10 })
    document.fontSize(8).fillColor(PALE).text(`Item ${itemId}`)
    document.fontSize(10).fillColor(INK)
    right(String(quantity), { from: COLUMNS.name, to: COLUMNS.quantity }, y)
    right(formatAmount(price), { from: COLUMNS.quantity, to: COLUMNS.price }, y)
    right(formatAmount(quantity * price), { from: COLUMNS.price, to: COLUMNS.amount }, y)
    y += height
    rule(y, "#e6eaef")
    y += 8
  }
  if (y + 70 > BOTTOM) nextPage()
  document
    .font(BOLD)
    .fontSize(13)
    .fillColor(INK)
    .text("Total", left, y + 6)
  right(formatAmount(receipt.total), { from: COLUMNS.quantity, to: COLUMNS.amount }, y + 6)
  document.font(regular).fontSize(9).fillColor(PALE)
  document.text("Thank you for your order. Keep this receipt for your records.", left, y + 44)
  if (texts.some((text) => legible(text) !== text)) {
    document.text(
      `${MISSING} stands for a character that this PDF cannot show; the receipt online shows it.`,
      left,
      y + 58
    )
  }
}
