import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { HttpServerRespondable, HttpServerResponse } from "effect/http"
import * as Problems from "../../src/http/problems.ts"
import { GatewayUnavailable, KeyConflict, UnknownKey } from "../../src/payment-gateway.ts"

const problems = [
  [new Problems.InvalidRequest({ errors: [{ field: "items[0].quantity", message: "must be a whole number" }] }), 400],
  [new Problems.OrderNotFound({ order_id: "1" }), 404],
  [new Problems.ItemNotFound({ item_ids: [1] }), 404],
  [new Problems.NoReceipt({ order_id: "1" }), 404],
  [new Problems.OrderAlreadyFinal({ order_id: "1", order_status: "CONFIRMED" }), 409],
  [new Problems.RequestInFlight({ retry_after_seconds: 1 }), 409],
  [new Problems.ReceiptNotReady({ order_id: "1", retry_after_seconds: 1 }), 409],
  [new Problems.InsufficientStock({ item_id: 1, available: 0 }), 409],
  [new Problems.IdempotencyKeyReused(), 422],
  [new Problems.TooManyRequests({ retry_after_seconds: 1 }), 429],
  [new Problems.Unavailable({ retry_after_seconds: 5, detail: "Too many orders." }), 503]
] as const
const ofTheGateway = [
  [new UnknownKey(), 404],
  [new KeyConflict(), 409],
  [new GatewayUnavailable(), 503]
] as const
const cases = [...problems, ...ofTheGateway].map(([problem, status]) => ({ name: problem._tag, problem, status }))

describe("a refusal", () => {
  it("of every kind is in the table below", () => {
    const kinds = Object.keys(Problems).filter((name) => name !== "FieldError")
    assert.deepStrictEqual(problems.map(([{ _tag }]) => _tag as string).toSorted(), kinds.toSorted())
  })

  it.effect.each(cases)("$name goes out as problem details with status $status", ({ problem, status }) =>
    Effect.gen(function* () {
      const response = yield* HttpServerRespondable.toResponse(problem)
      const web = HttpServerResponse.toWeb(response)
      const body = (yield* Effect.promise(() => web.json())) as Record<"type" | "title" | "status", any>
      assert.strictEqual(web.status, status)
      assert.strictEqual(web.headers.get("content-type"), "application/problem+json")
      assert.strictEqual(body.status, status)
      assert.match(body.type, /^urn:(flowforge:problem|gateway):[a-z-]+$/u)
      assert.isNotEmpty(body.title)
    })
  )

  it("of each kind has a type of its own", () => {
    assert.strictEqual(new Set(cases.map(({ problem }) => problem.type)).size, cases.length)
  })

  it.each(cases)("$name is read back by a client, with fields it does not know", ({ problem }) => {
    const schema = problem.constructor as unknown as Schema.Codec<any>
    const body = Schema.encodeSync(schema)(problem) as Record<string, unknown>
    assert.deepStrictEqual(Schema.decodeUnknownSync(schema)({ ...body, trace_id: "abc" }), problem)
  })
})
