import { Schema } from "effect"

const UUID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/giu
const DIGITS_OF_A_CARD = /\d(?:[\s.-]{0,3}\d){11}/u

const noNul = Schema.makeFilter((text: string) => (text.includes("\u0000") ? "must not contain U+0000" : undefined))

/** Twelve digits in a row, spaces, dots and dashes between them or not. A UUID is none, whatever its digits. */
const noCardNumber = Schema.makeFilter((text: string) =>
  DIGITS_OF_A_CARD.test(text.replace(UUID, "")) ? "must not hold anything like a card number" : undefined
)

/** Text a client may send: 1 to 200 characters, no U+0000, nothing that looks like a card number. */
export const ClientText = Schema.String.check(Schema.isBetweenLength(1, 200), noNul, noCardNumber)

/** The sum that a card's last digit makes whole (Luhn): a time in nanoseconds has one only by chance. */
const isCardNumber = (text: string): boolean => {
  if (!/^[2-6](?:[ -]?\d){11,18}$/u.test(text)) return false
  const digits = text.match(/\d/gu)!.toReversed().map(Number)
  const sum = digits.reduce(
    (total, digit, n) => total + (n % 2 === 0 ? digit : digit > 4 ? digit * 2 - 9 : digit * 2),
    0
  )
  return sum % 10 === 0
}

/**
 * What a client names one of its requests: 1 to 255 characters. Numbers are common here (times, counters), so only what is a
 * card number and nothing else is refused.
 */
export const IdempotencyKey = Schema.String.check(
  Schema.isBetweenLength(1, 255),
  noNul,
  Schema.makeFilter((text: string) => (isCardNumber(text) ? "must not be a card number" : undefined))
)
