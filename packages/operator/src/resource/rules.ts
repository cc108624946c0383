import { Effect, Schema } from "effect"

/** What the API server checks besides types, in CEL. A refusal says `message`, at the field that has the rule. */
export interface Rule {
  readonly rule: string
  readonly message: string
}

/** Keys that a schema carries through to the custom resource definition. */
export const VALIDATIONS = "x-kubernetes-validations"
export const ANYTHING = "x-kubernetes-preserve-unknown-fields"
export const LIST_TYPE = "x-kubernetes-list-type"
export const LIST_KEYS = "x-kubernetes-list-map-keys"

export const rules = (...all: ReadonlyArray<Rule>) => ({ [VALIDATIONS]: all })

/** A field that the API server fills in where it is left out, and decoding too, for objects made elsewhere. */
export const defaultsTo = <S extends Schema.Top>(schema: S, value: S["Encoded"]) =>
  schema.annotate({ default: value as never }).pipe(Schema.withDecodingDefaultKey(Effect.succeed(value as never)))
