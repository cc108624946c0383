import { type Schema, type SchemaAST, SchemaIssue } from "effect"

const said = SchemaIssue.makeFormatterStandardSchemaV1()

/**
 * What is asked of a value that a schema refused, in words that read well behind a field's name. A schema's own words come
 * first; its name never does: that is ours. `ast` is the schema of the whole field, not of a step on the way to it.
 */
export const demandOf = (issue: SchemaIssue.Issue, ast: SchemaAST.AST | undefined): string => {
  if (issue._tag === "MissingKey") return "is missing"
  const words = said(issue).issues[0]?.message ?? "is not valid"
  if (!words.startsWith("Expected ")) return words
  const asked = onlyOne(ast ?? ("ast" in issue ? issue.ast : undefined))
  return (
    (issue._tag === "Filter" ? sizeOf(issue, asked) : kindOf(asked)) ??
    numberOf(asked) ??
    words.replace(/^Expected /u, "must be ").replaceAll(" | ", " or ")
  )
}

/** The body of an address that takes one kind is a choice of one. */
const onlyOne = (ast: SchemaAST.AST | undefined): SchemaAST.AST | undefined =>
  ast?._tag === "Union" && ast.types.length === 1 ? ast.types[0] : ast

const kindOf = (ast: SchemaAST.AST | undefined): string | undefined => {
  switch (ast?._tag) {
    case "Objects":
      return "must be a JSON object"
    case "Arrays":
      return "must be a JSON array"
    case "String":
      return "must be a string"
    default:
      return undefined
  }
}

const sizeOf = ({ filter }: SchemaIssue.Filter, ast: SchemaAST.AST | undefined): string | undefined => {
  const { maxLength, minLength } = filter.annotations?.arbitraryConstraint ?? {}
  const each = ast?._tag === "Arrays" ? "entries" : "characters"
  if (minLength !== undefined && maxLength !== undefined) return `must have ${minLength} to ${maxLength} ${each}`
  if (minLength !== undefined) return `must have at least ${minLength} ${each}`
  return maxLength === undefined ? undefined : `must have at most ${maxLength} ${each}`
}

/** All that is asked of a number at once: whoever sends letters learns of the limits too. */
const numberOf = (ast: SchemaAST.AST | undefined): string | undefined => {
  if (ast?._tag !== "Number") return undefined
  const asked = (ast.checks ?? []).flatMap(constraintsOf)
  const minimum = asked.find((each) => each.minimum !== undefined)?.minimum
  const maximum = asked.find((each) => each.maximum !== undefined)?.maximum
  const kind = asked.some(({ number }) => number === "integer") ? "must be a whole number" : "must be a number"
  return minimum === undefined || maximum === undefined ? kind : `${kind} from ${minimum} to ${maximum}`
}

const constraintsOf = (
  check: SchemaAST.Check<any>
): ReadonlyArray<Schema.Annotations.ToArbitrary.FilterConstraint<any>> =>
  check._tag === "FilterGroup"
    ? check.checks.flatMap(constraintsOf)
    : check.annotations?.arbitraryConstraint === undefined
      ? []
      : [check.annotations.arbitraryConstraint]
