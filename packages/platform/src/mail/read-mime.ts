/** A message that was written as RFC 5322 and MIME want it, read again. */
export interface Message {
  /** A header's value, unfolded and decoded; empty when there is none. */
  readonly header: (name: string) => string
  /** What it says, by type: `text/plain`, `text/html`. What has no type is text. */
  readonly parts: ReadonlyMap<string, string>
}

export const readMessage = (source: string): Message => {
  const { body, head } = split(source)
  const header = (name: string) => decodeWords(fieldOf(head, name))
  const boundary = /^multipart\/[^;]*;.*\bboundary="([^"]+)"/u.exec(header("Content-Type"))?.[1]
  const parts = boundary === undefined ? [source] : between(body, boundary)
  return { header, parts: new Map(parts.map(readPart)) }
}

const split = (source: string): { readonly head: string; readonly body: string } => {
  const gap = /\r?\n\r?\n/u.exec(source)
  return gap === null
    ? { head: source, body: "" }
    : { head: source.slice(0, gap.index), body: source.slice(gap.index + gap[0].length) }
}

/** A field of a head, folded lines joined. */
const fieldOf = (head: string, name: string): string =>
  (new RegExp(`^${name}: (.*(?:\\r?\\n[ \\t].*)*)`, "imu").exec(head)?.[1] ?? "")
    // The space between two encoded words is none of theirs.
    .replace(/\?=\r?\n[ \t]+=\?/gu, "?==?")
    .replace(/\r?\n[ \t]+/gu, " ")

/** RFC 2047. Neighbouring words are decoded together. */
const decodeWords = (text: string): string =>
  text.replace(/(?:=\?UTF-8\?B\?[A-Za-z0-9+/=]*\?=)+/giu, (words) =>
    Buffer.concat(
      [...words.matchAll(/=\?UTF-8\?B\?([^?]*)\?=/giu)].map(([, base64]) => Buffer.from(base64!, "base64"))
    ).toString()
  )

const between = (body: string, boundary: string): ReadonlyArray<string> =>
  `\r\n${body}`
    .split(`\r\n--${boundary}`)
    .slice(1, -1)
    .map((part) => part.replace(/^\r\n/u, ""))

const readPart = (part: string): readonly [type: string, text: string] => {
  const { body, head } = split(part)
  const type = fieldOf(head, "Content-Type").split(";")[0]!.trim().toLowerCase()
  const isBase64 = fieldOf(head, "Content-Transfer-Encoding").toLowerCase() === "base64"
  return [type === "" ? "text/plain" : type, isBase64 ? Buffer.from(body, "base64").toString() : body]
}
