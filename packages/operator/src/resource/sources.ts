import { Schema } from "effect"
import { rules } from "./rules.ts"

const reference = (description: string) =>
  Schema.Struct({
    name: Schema.NonEmptyString.check(Schema.isMaxLength(253)),
    key: Schema.NonEmptyString.check(Schema.isMaxLength(253))
  }).annotate({ description })

const secretKeyRef = reference("A key of a Secret in the same namespace.")
const configMapKeyRef = reference("A key of a ConfigMap in the same namespace.")

/** Where something secret comes from. There is no field for the secret itself. */
export const SecretSource = Schema.Struct({ secretKeyRef }).annotate({
  description: "Always by reference: a secret never stands in this object."
})
export type SecretSource = typeof SecretSource.Type

/** Where a value comes from: it stands here, or in a ConfigMap, or in a Secret. */
export const Source = Schema.Struct({
  value: Schema.optionalKey(Schema.NonEmptyString.check(Schema.isMaxLength(4096))),
  secretKeyRef: Schema.optionalKey(secretKeyRef),
  configMapKeyRef: Schema.optionalKey(configMapKeyRef)
}).annotate(
  rules({
    rule: "[has(self.value), has(self.secretKeyRef), has(self.configMapKeyRef)].exists_one(given, given)",
    message: "give exactly one of value, secretKeyRef and configMapKeyRef"
  })
)
export type Source = typeof Source.Type

/** Variables that no other field has, by name. */
export const Variables = Schema.Record(Schema.String, Source)
  .check(Schema.isMaxProperties(64))
  .annotate({
    description: "Environment variables that no other field sets, by name; packages/flowforge/README.md lists them.",
    ...rules({
      rule: "self.all(name, name.matches('^[A-Z][A-Z0-9_]*$'))",
      message: "names of variables are in capitals: A to Z, 0 to 9 and _"
    })
  })
