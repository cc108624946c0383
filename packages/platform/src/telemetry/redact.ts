const SECRET_KEY = /token|password|secret|authorization|cookie|api[-_]?key/iu
/** 13 to 19 digits, single spaces or dashes between them allowed, not inside a longer word, number or UUID. */
const CARD = /(?<![\w.-])\d(?:[ -]?\d){12,18}(?![\w-])/gu
const URL_PASSWORD = /(\b[a-z][a-z0-9+.-]*:\/\/[^\s:/@]+:)[^\s@]+@/giu

/** Text without passwords of URLs and anything that looks like a card number. */
export const redactText = (text: string): string => text.replace(URL_PASSWORD, "$1***@").replace(CARD, "[card]")

/** A value for the log: secrets by their name, card numbers and URL passwords wherever they are. */
export const redact = (value: unknown, key = ""): unknown => {
  if (SECRET_KEY.test(key)) return "[redacted]"
  if (typeof value === "string") return redactText(value)
  if (typeof value === "bigint") return String(value)
  if (Array.isArray(value)) return value.map((item) => redact(item))
  if (value instanceof Error) return redactText(value.stack ?? String(value))
  if (value !== null && typeof value === "object" && Object.getPrototypeOf(value) === Object.prototype) {
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, redact(item, name)]))
  }
  return typeof value === "object" && value !== null ? redactText(String(value)) : value
}
