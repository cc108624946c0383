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

/** Every field at fault, in the order of the schema. `place` is body, query, path or header. */
export const fieldErrors = (place: string, error: Schema.SchemaError): ReadonlyArray<FieldError> =>
  format(error.issue).issues.map((issue) => ({
    field: fieldOf(
      place,
      (issue.path ?? []).map((step) => (typeof step === "object" ? step.key : step))
    ),
    message: asDemand(issue.message)
  }))
