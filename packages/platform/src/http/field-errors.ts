import type { Schema, SchemaAST, SchemaIssue } from "effect"
import { demandOf } from "./demands.ts"

/** What is wrong with a part of a request. The rejected value is never repeated: it may be a secret. */
export interface FieldError {
  readonly field: string
  readonly message: string
}

/** A part that is refused, and where it is. */
interface Mistake {
  readonly path: ReadonlyArray<PropertyKey>
  readonly demand: string
}

/** `ast` is the schema of the field at `path`, once it is known: what is inside are steps of reading it. */
function* mistakesIn(
  issue: SchemaIssue.Issue,
  path: ReadonlyArray<PropertyKey> = [],
  ast?: SchemaAST.AST
): Generator<Mistake> {
  switch (issue._tag) {
    case "Pointer":
      return yield* mistakesIn(issue.issue, [...path, ...issue.path])
    case "Encoding":
      return yield* mistakesIn(issue.issue, path, ast ?? issue.ast)
    case "Composite":
      for (const one of issue.issues) yield* mistakesIn(one, path, ast ?? issue.ast)
      return
    case "AnyOf":
      if (issue.issues.length === 0) return yield { path, demand: demandOf(issue, ast) }
      for (const one of issue.issues) yield* mistakesIn(one, path, ast)
      return
    case "Filter":
      // A filter may find its fault deeper inside.
      if (issue.issue._tag === "Pointer" || issue.issue._tag === "Composite")
        return yield* mistakesIn(issue.issue, path)
      return yield { path, demand: demandOf(issue, ast) }
    default:
      return yield { path, demand: demandOf(issue, ast) }
  }
}

/** `items[2].quantity`, `limit`, `order_id`; the whole body, when it is no object, is `body`. */
const fieldOf = (place: string, path: ReadonlyArray<PropertyKey>): string => {
  const inside = path.reduce<string>(
    (text, step) =>
      typeof step === "number" ? `${text}[${step}]` : text === "" ? String(step) : `${text}.${String(step)}`,
    ""
  )
  return inside === "" ? place : inside
}

/** The most fields that are named: a body of 64 KB has room for thousands. */
const MAX_FIELDS = 100

/**
 * Every field at fault, in the order of the schema, each with its first mistake. `place` is body, query, path or header.
 * An API says that it wants them all: `annotate(HttpApi.ParseOptions, { errors: "all" })`.
 */
export const fieldErrors = (place: string, error: Schema.SchemaError): ReadonlyArray<FieldError> => {
  const messages = new Map<string, string>()
  for (const { demand, path } of mistakesIn(error.issue)) {
    if (messages.size === MAX_FIELDS) break
    const field = fieldOf(place, path)
    if (!messages.has(field)) messages.set(field, demand)
  }
  return Array.from(messages, ([field, message]) => ({ field, message }))
}
