import { type Schema, SchemaIssue } from "effect"

/** What is wrong with a part of a request. The rejected value is never repeated: it may be a secret. */
export interface FieldError {
  readonly field: string
  readonly message: string
}

const format = SchemaIssue.makeFormatterStandardSchemaV1({
  leafHook: (issue) => (issue._tag === "MissingKey" ? "is missing" : asDemand(SchemaIssue.defaultLeafHook(issue))),
  checkHook: (issue) => {
    const message = SchemaIssue.defaultCheckHook(issue)
    return message === undefined ? undefined : asDemand(message)
  }
})

/** "Expected a string" reads better beside a field's name as "must be a string". */
const asDemand = (message: string): string => message.replace(/^Expected /u, "must be ")

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
  for (const issue of format(error.issue).issues) {
    if (messages.size === MAX_FIELDS) break
    const path = (issue.path ?? []).map((step) => (typeof step === "object" ? step.key : step))
    const field = fieldOf(place, path)
    if (!messages.has(field)) messages.set(field, asDemand(issue.message))
  }
  return Array.from(messages, ([field, message]) => ({ field, message }))
}
