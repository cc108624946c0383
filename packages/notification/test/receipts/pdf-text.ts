import { inflateSync } from "node:zlib"

/** What the pages of a PDF say: for each page its texts, in the order they were drawn. Reads what pdfkit writes. */
export const pagesOf = (pdf: Uint8Array): ReadonlyArray<ReadonlyArray<string>> => {
  const source = Buffer.from(pdf).toString("latin1")
  const objects = new Map([...source.matchAll(/^(\d+) 0 obj\n(.*?)\nendobj/gmsu)].map(([, id, body]) => [id!, body!]))
  const pages = [...objects.values()].filter((body) => /\/Type \/Page\n/u.test(body))
  return pages.map((page) => {
    const resources = objects.get(referred(page, "Resources")!)!
    const fonts = new Map(
      [...resources.matchAll(/\/(F\d+) (\d+) 0 R/gu)].map(([, name, id]) => [
        name!,
        decoderOf(objects, objects.get(id!)!)
      ])
    )
    return textsOf(streamOf(objects.get(referred(page, "Contents")!)!), fonts)
  })
}

type Decoder = (hex: string) => string

const referred = (body: string, name: string): string | undefined =>
  new RegExp(`/${name} (\\d+) 0 R`, "u").exec(body)?.[1]

const streamOf = (body: string): string => {
  const content = /stream\r?\n(.*)\r?\nendstream/su.exec(body)![1]!
  const bytes = Buffer.from(content, "latin1")
  return (body.includes("/FlateDecode") ? inflateSync(bytes) : bytes).toString("latin1")
}

/** A standard font has a byte for each character; an embedded one has two, and says what they mean. */
const decoderOf = (objects: ReadonlyMap<string, string>, font: string): Decoder => {
  const toUnicode = referred(font, "ToUnicode")
  if (toUnicode === undefined) return (hex) => Buffer.from(hex, "hex").toString("latin1")
  const meanings = new Map<number, string>()
  for (const [, start, list] of streamOf(objects.get(toUnicode)!).matchAll(/<(\w+)> <\w+> \[([^\]]*)\]/gu)) {
    for (const [n, [, utf16]] of [...list!.matchAll(/<([\w ]*)>/gu)].entries()) {
      meanings.set(
        Number.parseInt(start!, 16) + n,
        Buffer.from(utf16!.replaceAll(" ", ""), "hex").swap16().toString("utf16le")
      )
    }
  }
  return (hex) => (hex.match(/.{4}/gu) ?? []).map((code) => meanings.get(Number.parseInt(code, 16)) ?? "?").join("")
}

const textsOf = (content: string, fonts: ReadonlyMap<string, Decoder>): ReadonlyArray<string> => {
  const texts: Array<string> = []
  let decode: Decoder = (hex) => hex
  for (const [, font, shown] of content.matchAll(/\/(F\d+) [\d.]+ Tf|\[([^\]]*)\] TJ/gu)) {
    if (font !== undefined) decode = fonts.get(font)!
    else texts.push([...shown!.matchAll(/<(\w*)>/gu)].map(([, hex]) => decode(hex!)).join(""))
  }
  return texts
}
