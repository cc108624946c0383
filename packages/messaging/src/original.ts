import { Option, Schema } from "effect"
import type { Headers } from "./message.ts"

/**
 * The header in which a record carries what it was and its text does not say, until it is written to Kafka again. It is
 * never seen there: nobody else's header of this name is taken for it.
 */
export const ORIGINAL = "flowforge-original"

const Base64 = Schema.String

const Original = Schema.Struct({
  /** Null for a record without a key. */
  key: Schema.optionalKey(Schema.NullOr(Base64)),
  /** For a tombstone, whose value is kept as an empty one. */
  value: Schema.optionalKey(Schema.Null),
  /** Of each name all values, in order. */
  headers: Schema.optionalKey(Schema.Record(Schema.String, Schema.Array(Base64)))
})
export type Original = typeof Original.Type

const decode = Schema.decodeUnknownOption(Schema.fromJsonString(Original))

export const originalOf = (headers: Headers): Original | undefined => {
  const text = headers[ORIGINAL]
  return text === undefined ? undefined : Option.getOrUndefined(decode(text))
}

/** The headers with what else is known of the original; what they say of it already stands. */
export const withOriginal = (headers: Headers, more: Original): Headers => {
  const original = { ...more, ...originalOf(headers) }
  return Object.keys(original).length === 0 ? headers : { ...headers, [ORIGINAL]: JSON.stringify(original) }
}
