import type { Mail } from "./mail.ts"

/** RFC 5322: bytes of a line without its end. */
const MAX_LINE = 998
/** RFC 2047: an encoded word has at most 75 characters; this many bytes of text fill 72. */
const MAX_WORD_BYTES = 45

const isAscii = (text: string): boolean => /^[\x20-\x7e]*$/u.test(text)

/** Text as it may stand in a header: no line end or other control character, so that nothing can begin a header of its own. */
const oneLine = (text: string): string => text.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, " ").trim()

/** RFC 2047 for what is not ASCII, in words that break between characters, each on a line of its own. */
const encodedWords = (text: string): string => {
  const words: Array<string> = []
  let word = ""
  for (const character of text) {
    if (Buffer.byteLength(word) + Buffer.byteLength(character) > MAX_WORD_BYTES) {
      words.push(word)
      word = ""
    }
    word += character
  }
  words.push(word)
  return words.map((each) => `=?UTF-8?B?${Buffer.from(each).toString("base64")}?=`).join("\r\n ")
}

/** The value of a header of free text. What could be taken for an encoded word is encoded itself. */
export const headerText = (text: string): string => {
  const line = oneLine(text)
  return isAscii(line) && !line.includes("=?") && line.length < MAX_LINE / 2 ? line : encodedWords(line)
}

const namedAddress = (name: string, address: string): string => {
  const line = oneLine(name)
  if (line === "") return address
  if (!isAscii(line) || line.includes("=?") || line.length > MAX_LINE / 2)
    return `${encodedWords(line)}\r\n <${address}>`
  return `"${line.replace(/["\\]/gu, "\\$&")}" <${address}>`
}

/** RFC 5322's way to write a time. */
export const mailDate = (millis: number): string => new Date(millis).toUTCString().replace("GMT", "+0000")

/** What every boundary begins with; it cannot stand in base64. */
const BOUNDARY = "=_"

/** Readable as it is (8bit) unless a line is too long for a mail, or could be taken for a boundary: then base64. */
const part = (type: string, text: string): string => {
  const lines = text.split(/\r\n|\n|\r/u)
  const isReadable = lines.every(
    (line) => (line.length * 3 <= MAX_LINE || Buffer.byteLength(line) <= MAX_LINE) && !line.startsWith(`--${BOUNDARY}`)
  )
  const body = isReadable ? lines.join("\r\n") : Buffer.from(text).toString("base64").replace(/.{76}/gu, "$&\r\n")
  return `Content-Type: ${type}; charset=utf-8\r\nContent-Transfer-Encoding: ${isReadable ? "8bit" : "base64"}\r\n\r\n${body}\r\n`
}

/** A mail as text and HTML, whole, as RFC 5322 and MIME want it. */
export const renderMail = (mail: Mail, from: string, sentAt: number): string => {
  const boundary = `${BOUNDARY}${mail.id}`
  return `Date: ${mailDate(sentAt)}\r
From: ${from}\r
To: ${namedAddress(mail.toName ?? "", mail.to)}\r
Subject: ${headerText(mail.subject)}\r
Message-ID: <${mail.id}@flowforge.example>\r
MIME-Version: 1.0\r
Content-Type: multipart/alternative; boundary="${boundary}"\r
\r
--${boundary}\r
${part("text/plain", mail.text)}--${boundary}\r
${part("text/html", mail.html)}--${boundary}--\r
`
}
