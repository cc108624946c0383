/**
 * What issuers give out, by first digits and length. Telephone numbers, counters and times have such lengths too, and one in
 * ten passes the sum by chance: so a 1 (airlines) and lengths that a standard allows and nobody uses are not among them.
 */
const ISSUED = new RegExp(
  `^(?:${[
    String.raw`4\d{12}(?:\d{3}|\d{5,6})?`, // Visa: 13, 16, 18, 19
    String.raw`[56]\d{15,18}`, // Mastercard, Maestro, Discover, UnionPay, RuPay
    String.raw`3[47]\d{13}`, // American Express
    String.raw`3[0689]\d{12}(?:\d{2})?`, // Diners Club: 14, 16
    String.raw`35\d{14,17}`, // JCB
    String.raw`22\d{14,17}`, // Mir, Mastercard
    String.raw`2[3-7]\d{14}`, // Mastercard
    String.raw`8[126]\d{14}`, // RuPay, Uzcard
    String.raw`9[78]\d{14}(?:\d{3})?` // Troy, Humo, Napas
  ].join("|")})$`,
  "u"
)
const SHORTEST = 13
const LONGEST = 19

/** Digits that may be one number: at most three characters that are neither letters nor digits stand between two of them. */
const CHAIN = /\d+(?:[^a-z\d]{1,3}\d+)*/giu
const LONG_CHAIN = /\d(?:[^a-z\d]{0,3}\d){12}/iu

const HEX = String.raw`[\da-f]`
/** Digits by chance. */
const CHANCE = new RegExp(
  String.raw`(?<![a-z\d])(?:${[
    `${HEX}{8}(?:-${HEX}{4}){3}-${HEX}{12}`, // UUIDs
    `${HEX}{2}-${HEX}{32}-${HEX}{16}-${HEX}{2}`, // traceparents
    String.raw`(?=\d{0,127}[a-f])${HEX}{24,128}`, // hashes
    String.raw`(?<!\d\.)0\.\d{13,}` // fractions as JavaScript writes them
  ].join("|")})(?![a-z\d]|\.\d)`,
  "giu"
)

/** A part of a text: from `start` to before `end`. */
export interface Part {
  readonly start: number
  readonly end: number
}

/**
 * The parts of a text that look like a card number: 13 to 19 digits, in any grouping, that an issuer could have given out and
 * whose last one makes the sum whole (Luhn). Every form of a digit is one (NFKC), such as a full-width one. UUIDs and
 * hexadecimal ids are no card numbers.
 */
export const cardNumbersIn = (text: string): ReadonlyArray<Part> => {
  if (text.length < SHORTEST) return []
  const plain = inAscii(text)
  if (!LONG_CHAIN.test(plain)) return []
  const parts = Array.from(
    plain.replace(CHANCE, (digits) => "x".repeat(digits.length)).matchAll(CHAIN),
    ({ 0: chain, index }) => cardNumbersOf(chain, index)
  ).flat()
  // The last digit may be a character of two units.
  return plain === text
    ? parts
    : parts.map(({ end, start }) => ({ start, end: end - 1 + String.fromCodePoint(text.codePointAt(end - 1)!).length }))
}

/** Whether a text holds what looks like a card number: see {@link cardNumbersIn}. */
export const holdsCardNumber = (text: string): boolean => cardNumbersIn(text).length > 0

/** The same digits in the same places; other letters and numbers are an `x`, anything else is a dash. */
const inAscii = (text: string): string =>
  /\P{ASCII}/u.test(text)
    ? text.replace(/\P{ASCII}/gu, (character) => {
        const form = character.normalize("NFKC")
        const kind = /^\d\.?$/u.test(form) ? form.charAt(0) : /[\p{L}\p{N}]/u.test(form) ? "x" : "-"
        return kind.padEnd(character.length, "-")
      })
    : text

/** A card number begins and ends with a group of digits: within a longer one any sum could be found. */
const cardNumbersOf = (chain: string, at: number): ReadonlyArray<Part> => {
  const { digits, groups } = groupsOf(chain)
  const isWhole = sumsOf(digits)
  const found: Array<{ start: number; end: number }> = []
  for (let first = 0; first < groups.length; first++) {
    const { from, start } = groups[first]!
    let end: number | undefined
    for (let last = first; last < groups.length && groups[last]!.to - from <= LONGEST; last++) {
      const { to } = groups[last]!
      if (to - from >= SHORTEST && isWhole(from, to) && ISSUED.test(digits.slice(from, to))) end = groups[last]!.end
    }
    if (end === undefined) continue
    // One that begins within another is the same part.
    const before = found.at(-1)
    if (before === undefined || before.end <= at + start) found.push({ start: at + start, end: at + end })
    else before.end = Math.max(before.end, at + end)
  }
  return found
}

/** Digits that stand together: their place in the chain (`start`, `end`), and among its digits (`from`, `to`). */
interface Group extends Part {
  readonly from: number
  readonly to: number
}

const groupsOf = (chain: string) => {
  const groups: Array<Group> = []
  let digits = ""
  for (let start = 0, end = 0; start < chain.length; start = end + 1) {
    for (end = start; isDigit(chain.charCodeAt(end));) end++
    if (end === start) continue
    const from = digits.length
    digits += chain.slice(start, end)
    groups.push({ start, end, from, to: digits.length })
  }
  return { digits, groups }
}

const isDigit = (code: number): boolean => code >= 48 && code <= 57

/**
 * Whether the last of some of these digits makes their sum whole (Luhn: every other digit counts double, from the last but
 * one). By sums from the beginning, so that a long text of short groups takes no time for each of its parts.
 */
const sumsOf = (digits: string): ((from: number, to: number) => boolean) => {
  const sums = [new Int32Array(digits.length + 1), new Int32Array(digits.length + 1)] as const
  for (let n = 0; n < digits.length; n++) {
    const digit = digits.charCodeAt(n) - 48
    const double = digit > 4 ? digit * 2 - 9 : digit * 2
    sums[0][n + 1] = sums[0][n]! + (n % 2 === 0 ? double : digit)
    sums[1][n + 1] = sums[1][n]! + (n % 2 === 0 ? digit : double)
  }
  return (from, to) => {
    const sum = to % 2 === 0 ? sums[0] : sums[1]
    return (sum[to]! - sum[from]!) % 10 === 0
  }
}
