import type { Context } from "effect"
import { OpenApi } from "effect/http-api"

type Json = Record<string, any>

/** What a schema cannot say about an endpoint: its parameters in words, and what is sent and answered by example. */
export interface EndpointDocumentation {
  readonly summary: string
  readonly description?: string
  /** By parameter name. A `schema` stands for that of the text it is read from. */
  readonly parameters?: Readonly<Record<string, { readonly description: string; readonly schema?: Json }>>
  /** Bodies that can be sent, by what they show. */
  readonly requests?: Readonly<Record<string, unknown>>
  /** Bodies that are answered, by status. */
  readonly answers?: Readonly<Record<number, unknown>>
}

const JSON_BODY = "application/json"
const PROBLEM_BODY = "application/problem+json"

/** The annotations of an endpoint. */
export const documented = ({
  answers = {},
  description,
  parameters = {},
  requests,
  summary
}: EndpointDocumentation): Context.Context<never> =>
  OpenApi.annotations({
    summary,
    description,
    transform: (operation) => {
      const annotated = structuredClone(operation)
      for (const parameter of annotated["parameters"]) Object.assign(parameter, parameters[parameter.name])
      if (requests !== undefined) {
        const examples = Object.entries(requests).map(([name, value]) => [name, { value }])
        annotated["requestBody"].content[JSON_BODY].examples = Object.fromEntries(examples)
      }
      for (const [status, answer] of Object.entries(answers)) {
        annotated["responses"][status].content[JSON_BODY].examples = { [summary]: { value: answer } }
      }
      return annotated
    }
  })

const problem = {
  type: "object",
  description: "RFC 9457 problem details. `type` says which problem it is, `title` and `detail` say it to people.",
  properties: {
    type: { type: "string" },
    status: { type: "integer" },
    title: { type: "string" },
    detail: { type: "string" }
  },
  required: ["type", "status", "title"]
}

const anyProblem = {
  description:
    "Any other refusal, such as 404 (no such address), 405, 413, 415, or a 500 of ours: a problem like the others",
  content: { [PROBLEM_BODY]: { schema: { $ref: "#/components/schemas/Problem" } } }
}

const retryAfter = {
  required: true,
  description: "Seconds to wait before the next attempt",
  schema: { type: "integer" }
}

/** Says of a whole API what holds everywhere: any endpoint may answer a problem, some say when to come back, and objects may grow fields. */
export const forClients = (document: Json): Json => {
  const tolerant = JSON.parse(
    JSON.stringify(document, (key, value) => {
      if (key === "additionalProperties" && value === false) return undefined
      if (value?.format === "uuid") return { ...value, pattern: undefined }
      return key === "$ref" ? plainName(value) : value
    })
  ) as Json
  const named = Object.entries<Json>(tolerant["components"].schemas).map(([name, schema]) => [plainName(name), schema])
  const schemas = Object.fromEntries([...named, ["Problem", problem]].toSorted(byName)) as Json
  for (const { responses } of Object.values<Json>(tolerant["paths"]).flatMap((path) => Object.values<Json>(path))) {
    for (const response of Object.values<Json>(responses)) {
      if (!saysWhenToComeBack(response, schemas)) continue
      response["headers"] = { ...response["headers"], "retry-after": retryAfter }
    }
    responses.default = anyProblem
  }
  return { ...tolerant, components: { schemas } }
}

const byName = ([a]: ReadonlyArray<any>, [b]: ReadonlyArray<any>): number => (a < b ? -1 : 1)

const plainName = (name: string): string => name.replace(/Encoded$/u, "")

const saysWhenToComeBack = (response: Json, schemas: Json): boolean => {
  const { schema } = response["content"]?.[PROBLEM_BODY] ?? {}
  const alternatives: ReadonlyArray<Json> = schema?.anyOf ?? (schema === undefined ? [] : [schema])
  return alternatives.some(({ $ref }) => "retry_after_seconds" in schemas[$ref.split("/").at(-1)].properties)
}
