import { Schema, SchemaTransformation } from "effect"

/** An amount in integer minor units (cents), as it is calculated with and stored. Never negative. */
export const MinorUnits = Schema.Number.check(
  Schema.isInt(),
  Schema.isBetween({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })
).pipe(Schema.brand("MinorUnits"))
export type MinorUnits = typeof MinorUnits.Type

const isWholeCents = Schema.makeFilter((amount: number) =>
  Math.abs(amount * 100 - Math.round(amount * 100)) < 1e-6 ? undefined : "must have at most two decimals"
)

/** An amount on the wire: a JSON number with at most two decimals (`12.34`), read as {@link MinorUnits}. */
export const Money = Schema.Number.check(
  Schema.isBetween({ minimum: 0, maximum: 10_000_000_000_000 }),
  isWholeCents
).pipe(
  Schema.decodeTo(
    MinorUnits,
    SchemaTransformation.transform({
      decode: (amount) => Math.round(amount * 100),
      encode: (cents) => cents / 100
    })
  )
)
export type Money = typeof Money.Type

/** `1234` as `12.34`, for people. */
export const formatMoney = (cents: number): string => (cents / 100).toFixed(2)
