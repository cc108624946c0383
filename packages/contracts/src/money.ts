import { Schema, SchemaTransformation } from "effect"

/** An amount in integer minor units (cents), as it is calculated with and stored. Never negative. */
export const MinorUnits = Schema.Number.check(
  Schema.isInt(),
  Schema.isBetween({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })
).pipe(Schema.brand("MinorUnits"))
export type MinorUnits = typeof MinorUnits.Type

/** Exact at any size: an amount has at most two decimals when it is the number nearest to some whole cents. */
const isWholeCents = Schema.makeFilter((amount: number) =>
  Math.round(amount * 100) / 100 === amount ? undefined : "must have at most two decimals"
)

/** An amount on the wire: a JSON number with at most two decimals (`12.34`), read as {@link MinorUnits}. */
export const Money = Schema.Finite.check(
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
