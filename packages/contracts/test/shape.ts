import { type Schema, SchemaAST } from "effect"

/**
 * What a schema reads from the wire, in the notation of the card: `{a, b?, c: [{d}], e: "X" | "Y"}`. A name alone is a
 * text, a number or a flag; an event's own type is not repeated.
 */
export const shapeOf = (schema: Schema.Top): string => shape(SchemaAST.toEncoded(schema.ast))

const shape = (ast: SchemaAST.AST): string => {
  if (SchemaAST.isObjects(ast)) return `{${ast.propertySignatures.map(field).join(", ")}}`
  if (SchemaAST.isArrays(ast)) return `[${ast.rest.map(shape).join()}]`
  if (SchemaAST.isLiteral(ast)) return JSON.stringify(ast.literal)
  if (SchemaAST.isUnion(ast)) return ast.types.map(shape).join(" | ")
  return ""
}

const field = ({ name, type }: SchemaAST.PropertySignature): string => {
  const inner = name === "event_type" ? "" : shape(type)
  return `${String(name)}${SchemaAST.isOptional(type) ? "?" : ""}${inner === "" ? "" : `: ${inner}`}`
}
