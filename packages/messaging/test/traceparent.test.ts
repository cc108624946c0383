import { assert, describe, it } from "@effect/vitest"
import { currentTraceparent } from "@flowforge/messaging"
import { Effect, Tracer } from "effect"
import * as fc from "fast-check"
import { parseTraceparent, traceparentOf } from "../src/traceparent.ts"

const hex = (length: number) =>
  fc.string({ unit: fc.constantFrom(..."0123456789abcdef"), minLength: length, maxLength: length })
const some = (length: number) => hex(length).filter((id) => /[^0]/u.test(id))

const traceId = "4bf92f3577b34da6a3ce929d0e0e4736"
const spanId = "00f067aa0ba902b7"

describe("a traceparent", () => {
  it("comes back from its text as it was, its sampling flag included", () => {
    fc.assert(
      fc.property(some(32), some(16), fc.boolean(), (traceId, spanId, sampled) => {
        const parsed = parseTraceparent(traceparentOf(Tracer.externalSpan({ traceId, spanId, sampled })))
        assert.deepStrictEqual([parsed?.traceId, parsed?.spanId, parsed?.sampled], [traceId, spanId, sampled])
      })
    )
  })

  it("of a version to come is read by its first four parts", () => {
    assert.strictEqual(parseTraceparent(`01-${traceId}-${spanId}-03-more`)?.sampled, true)
  })

  it.each([
    undefined,
    "",
    "4bf92f",
    `00-${"0".repeat(32)}-${spanId}-01`,
    `00-${traceId}-${"0".repeat(16)}-01`,
    `00-${traceId.toUpperCase()}-${spanId}-01`,
    `ff-${traceId}-${spanId}-01`,
    `00-${traceId}-${spanId}`
  ])("%j is none", (text) => {
    assert.isUndefined(parseTraceparent(text))
  })
})

describe("currentTraceparent", () => {
  it("names the current span", () =>
    Effect.gen(function* () {
      const span = yield* Effect.currentSpan
      assert.strictEqual(yield* currentTraceparent, `00-${span.traceId}-${span.spanId}-01`)
    }).pipe(Effect.withSpan("request"), Effect.runPromise))

  it("passes on that a trace is not sampled", () =>
    Effect.gen(function* () {
      const parent = Tracer.externalSpan({ traceId, spanId, sampled: false })
      const seen = yield* currentTraceparent.pipe(Effect.withSpan("request", { parent }))
      assert.match(seen!, new RegExp(`^00-${traceId}-[0-9a-f]{16}-00$`, "u"))
    }).pipe(Effect.runPromise))

  it("is undefined when nothing is traced", () =>
    Effect.gen(function* () {
      assert.isUndefined(yield* currentTraceparent)
      const untraced = currentTraceparent.pipe(Effect.withSpan("request"), Effect.withTracerEnabled(false))
      assert.isUndefined(yield* untraced)
    }).pipe(Effect.runPromise))
})
