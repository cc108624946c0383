import { type FieldError, holdsCardNumber, NO_CARD_NUMBER } from "@flowforge/contracts"

/** The most fields that are named, and the longest name of one: the names are the client's. */
const MAX_FIELDS = 100
const MAX_NAME = 200

/** A value of a body, and the names that lead to it. */
interface Part {
  readonly value: unknown
  readonly field: string
}

/**
 * The fields of a body that hold what looks like a card number, known ones or not, in what they say or in their own names. A
 * customer who fills in the wrong form must not believe that it was taken. Without recursion: a body may be deeper than a stack.
 */
export const fieldsWithCardNumbers = (body: unknown): ReadonlyArray<FieldError> => {
  const errors: Array<FieldError> = []
  const parts: Array<Part> = [{ value: body, field: "" }]
  const refuse = (field: string) =>
    errors.push({ field: field === "" ? "body" : field.slice(0, MAX_NAME), message: NO_CARD_NUMBER })
  for (let part = parts.pop(); part !== undefined && errors.length < MAX_FIELDS; part = parts.pop()) {
    const { field, value } = part
    if (typeof value === "string" || Number.isInteger(value)) {
      if (holdsCardNumber(String(value))) refuse(field)
    } else if (Array.isArray(value)) {
      for (let n = value.length - 1; n >= 0; n--) parts.push({ value: value[n], field: `${field}[${n}]` })
    } else if (typeof value === "object" && value !== null) {
      for (const [name, inner] of Object.entries(value).toReversed()) {
        if (holdsCardNumber(name)) refuse(field)
        else parts.push({ value: inner, field: field === "" ? name : `${field}.${name}` })
      }
    }
  }
  return errors
}
