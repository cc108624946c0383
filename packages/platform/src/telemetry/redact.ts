import { cardNumbersIn } from "@flowforge/contracts/card-number"

const SECRET_KEY = /token|passw(?:or)?d|secret|authorization|cookie|api[-_]?key|signature|cvv|cvc|card[-_]?number/iu

const URL_PASSWORD = /(\b[a-z][a-z0-9+.-]{0,20}:\/\/[^\s:/@]*:)[^\s"'<>/?#]*@/giu
const CREDENTIALS = /\b(Bearer|Basic)\s+[\w.~+/=-]+/giu
const PAYMENT_TOKEN = /\btok_\w+/gu
/** `password=…`, `"token":"…"`, `signature: …`. */
const SECRET_VALUE =
  /((?:token|passw(?:or)?d|secret|authorization|api[-_]?key|signature)["']?\s{0,3}[:=]\s{0,3}["']?)(?!\[redacted\])[^\s"',;&}]+/giu

/** The most characters of one text, levels and values of one structure: an entry stays within a line a person can read. */
const MAX_TEXT = 8_192
const MAX_DEPTH = 6
const MAX_VALUES = 500

/** What a cut could have left of a card number or of a URL with its password. */
const CUT_OPEN = /(?:(?:\p{N}[^\p{L}\p{N}]{0,3}){1,19}|[a-z][a-z0-9+.-]{0,20}:\/\/\S*)$/iu

const cut = (text: string): string =>
  text.length <= MAX_TEXT ? text : `${text.slice(0, MAX_TEXT).replace(CUT_OPEN, "")}… (${text.length} characters)`

/** Text without passwords, tokens and anything that looks like a card number. */
export const redactText = (text: string): string =>
  withoutCards(
    cut(text)
      .replace(URL_PASSWORD, "$1***@")
      .replace(CREDENTIALS, "$1 [redacted]")
      .replace(SECRET_VALUE, "$1[redacted]")
      .replace(PAYMENT_TOKEN, "[token]")
  )

const withoutCards = (text: string): string => {
  let shown = ""
  let from = 0
  for (const { end, start } of cardNumbersIn(text)) {
    shown += `${text.slice(from, start)}[card]`
    from = end
  }
  return shown + text.slice(from)
}

/** A value for the log: secrets by their name or shape, card numbers and passwords of URLs wherever they are. */
export const redact = (value: unknown): unknown => visit(value, { path: [], budget: { left: MAX_VALUES } })

interface Walk {
  /** The structures this value lies in, so that a circle ends. */
  readonly path: ReadonlyArray<object>
  /** Of the whole structure: a wide one must not multiply by its depth. */
  readonly budget: { left: number }
}

const visit = (value: unknown, walk: Walk): unknown => {
  switch (typeof value) {
    case "string":
      return redactText(value)
    case "number":
    case "bigint": {
      if (typeof value === "number" && !Number.isInteger(value)) return value
      const text = String(value)
      const shown = redactText(text)
      return shown === text && typeof value === "number" ? value : shown
    }
    case "boolean":
    case "undefined":
      return value
    case "object":
      return value === null ? null : visitObject(value, walk)
    default:
      return typeof value
  }
}

const visitObject = (value: object, walk: Walk): unknown => {
  if (value instanceof Error) return redactText(value.stack ?? String(value))
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? "no date" : value.toISOString()
  if (walk.path.includes(value)) return "[circular]"
  if (walk.path.length >= MAX_DEPTH) return "…"
  const inside = { ...walk, path: [...walk.path, value] }
  if (Array.isArray(value)) return take(value, walk).map((item) => visit(item, inside))
  if (value instanceof Set) return take([...value], walk).map((item) => visit(item, inside))
  const entries = value instanceof Map ? [...value] : isPlain(value) ? Object.entries(value) : undefined
  if (entries === undefined) return textOf(value)
  return Object.fromEntries(
    take(entries, walk).map(([key, item]) => {
      const name = textOf(key)
      return [name, SECRET_KEY.test(name) ? "[redacted]" : visit(item, inside)]
    })
  )
}

/** As many as the budget still allows. */
const take = <A>(values: ReadonlyArray<A>, { budget }: Walk): ReadonlyArray<A> => {
  const taken = values.slice(0, budget.left)
  budget.left -= taken.length
  return taken
}

const isPlain = (value: object): boolean => {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

const textOf = (value: unknown): string => {
  try {
    return redactText(String(value))
  } catch {
    return "[object]"
  }
}
