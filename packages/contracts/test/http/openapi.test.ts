import { assert, describe, it } from "@effect/vitest"
import { Result, Schema } from "effect"
import { OpenApi } from "effect/http-api"
import {
  Availability,
  AvailabilityOfMany,
  ManagementApi,
  OrderAccepted,
  OrderDetails,
  OrderPage,
  OrderRequest,
  OrderSummary,
  ProductPage,
  PublicApi,
  StockAdjusted
} from "../../src/index.ts"

type Json = Record<string, any>

const documents: ReadonlyArray<{ readonly name: string; readonly document: Json }> = [
  { name: "the public API", document: OpenApi.fromApi(PublicApi) },
  { name: "the management API", document: OpenApi.fromApi(ManagementApi) }
]

const operations = documents.flatMap(({ document }) =>
  Object.entries<Json>(document["paths"]).flatMap(([path, methods]) =>
    Object.entries<Json>(methods).map(([method, operation]) => ({
      name: `${method.toUpperCase()} ${path}`,
      operation,
      document
    }))
  )
)

const reach = (document: Json, ref: string): Json | undefined =>
  ref
    .split("/")
    .slice(1)
    .reduce<Json | undefined>((at, step) => at?.[step], document)

describe.each(documents)("the OpenAPI of $name", ({ document }) => {
  const text = JSON.stringify(document)

  it("points at nothing that is not there", () => {
    for (const [, ref] of text.matchAll(/"\$ref":"([^"]+)"/gu)) assert.isDefined(reach(document, ref!), ref!)
  })

  it("lets objects grow fields, and knows amounts as plain numbers", () => {
    assert.notInclude(text, "additionalProperties")
    assert.notInclude(text, "Infinity")
    assert.notInclude(text, "Encoded")
  })
})

describe.each(operations)("$name", ({ document, operation }) => {
  it("says what it does, and what its parameters are", () => {
    assert.isNotEmpty(operation["summary"])
    for (const parameter of operation["parameters"]) assert.isNotEmpty(parameter.description ?? "", parameter.name)
  })

  it("answers every refusal as a problem with that status, and says when to come back", () => {
    const refusals = Object.entries<Json>(operation["responses"]).filter(([status]) => Number(status) >= 400)
    assert.isNotEmpty(refusals)
    for (const [status, { content, headers }] of refusals) {
      assert.deepStrictEqual(Object.keys(content), ["application/problem+json"])
      const { schema } = content["application/problem+json"]
      for (const { $ref } of schema.anyOf ?? [schema]) {
        const { properties } = reach(document, $ref)!
        assert.deepStrictEqual(properties.status.enum, [Number(status)])
        if ("retry_after_seconds" in properties) assert.isDefined(headers?.["retry-after"], status)
      }
    }
    assert.hasAllKeys(operation["responses"].default.content, ["application/problem+json"])
  })
})

describe("an example in the OpenAPI", () => {
  const bodies: Json = {
    "POST /orders": { sent: OrderRequest, answered: OrderAccepted },
    "POST /order": { sent: OrderRequest, answered: OrderAccepted },
    "GET /orders": { answered: OrderPage },
    "GET /orders/user/{user_id}": { answered: OrderPage },
    "GET /orders/{order_id}": { answered: OrderDetails },
    "GET /orders/{order_id}/status": { answered: Schema.Struct({ order_id: Schema.String, status: Schema.String }) },
    "POST /orders/{order_id}/cancel": { answered: OrderSummary },
    "GET /products": { answered: ProductPage },
    "GET /products/{item_id}/availability": { answered: Availability },
    "POST /products/availability": {
      sent: Schema.Struct({ item_ids: Schema.Array(Schema.Int) }),
      answered: AvailabilityOfMany
    },
    "POST /products/{item_id}/adjust": {
      sent: Schema.Struct({ delta: Schema.Int, reason: Schema.String }),
      answered: StockAdjusted
    }
  }
  const examplesOf = (body: Json): ReadonlyArray<Json> => {
    const examples = Object.values<Json>(body["content"]["application/json"].examples ?? {})
    assert.isNotEmpty(examples)
    return examples
  }
  const withBody = operations.filter(({ name }) => name !== "GET /orders/{order_id}/receipt")

  it.each(withBody)("of $name is what it sends and answers", ({ name, operation }) => {
    const decodes = (schema: Schema.Codec<any>, example: unknown) =>
      assert.isTrue(Result.isSuccess(Schema.decodeUnknownResult(schema)(example)), JSON.stringify(example))
    const { answered, sent } = bodies[name]
    const [, success] = Object.entries<Json>(operation["responses"]).find(([status]) => Number(status) < 300)!
    for (const { value } of examplesOf(success)) decodes(answered, value)
    if (sent === undefined) return assert.isUndefined(operation["requestBody"])
    for (const { value } of examplesOf(operation["requestBody"])) decodes(sent, value)
  })
})
