import { Schema } from "effect"
import { holdsCardNumber } from "../card-number.ts"

const noNul = Schema.makeFilter((text: string) => (text.includes("\u0000") ? "must not contain U+0000" : undefined))

/** What a text, or a field that nobody knows, is refused with. */
export const NO_CARD_NUMBER = "must not hold anything like a card number"

const noCardNumber = Schema.makeFilter((text: string) => (holdsCardNumber(text) ? NO_CARD_NUMBER : undefined))

/** Text a client may send: 1 to 200 characters, no U+0000, nothing that looks like a card number. */
export const ClientText = Schema.String.check(Schema.isBetweenLength(1, 200), noNul, noCardNumber)

/** What a client names one of its requests: 1 to 255 characters, no U+0000, nothing that looks like a card number. */
export const IdempotencyKey = Schema.String.check(Schema.isBetweenLength(1, 255), noNul, noCardNumber)
