import { Schema } from "effect"

type Json = Readonly<Record<string, unknown>>

/**
 * A Schema as the "structural schema" of a custom resource. JSON Schema has more: what the API server would refuse (open
 * objects, which it prunes anyway) is left out, and what it cannot express is refused here, not in a cluster.
 */
export const structural = (schema: Schema.Constraint): Json => {
  const document = Schema.toJsonSchemaDocument(schema, {
    includeAnnotationKey: (key) => key.startsWith("x-kubernetes-")
  })
  return reduce(document.schema as Json, "")
}

const FORBIDDEN = ["$ref", "anyOf", "oneOf", "not", "patternProperties", "propertyNames"]

/** A check that has annotations stands apart in JSON Schema, and so does the only word of a choice; together they say the same. */
const joined = ({ allOf = [], anyOf, ...schema }: Json): Json => {
  const choices = (anyOf ?? []) as ReadonlyArray<Json>
  const parts = [...(allOf as ReadonlyArray<Json>), ...(choices.length === 1 ? choices : [])]
  return parts.reduce<Json>(
    (all, one) => {
      const twice = Object.keys(one).find((key) => key in all)
      if (twice !== undefined) throw new Error(`two checks of one value both say ${twice}`)
      return { ...all, ...one }
    },
    choices.length > 1 ? { ...schema, anyOf } : schema
  )
}

const reduce = (given: Json, path: string): Json => {
  const schema = joined(given)
  const foreign = FORBIDDEN.find((word) => word in schema)
  if (foreign !== undefined) {
    throw new Error(`${path || "the root"} needs ${foreign}, which a custom resource cannot have`)
  }
  const { additionalProperties, items, properties, ...rest } = schema
  const open = additionalProperties === undefined || typeof additionalProperties === "boolean"
  return {
    ...rest,
    ...(items === undefined ? {} : { items: reduce(items as Json, `${path}[]`) }),
    ...(open ? {} : { additionalProperties: reduce(additionalProperties as Json, `${path}.*`) }),
    ...(properties === undefined
      ? {}
      : {
          properties: Object.fromEntries(
            Object.entries(properties as Json).map(([name, one]) => [name, reduce(one as Json, `${path}.${name}`)])
          )
        })
  }
}
