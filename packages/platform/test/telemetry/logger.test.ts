import { assert, describe, it } from "@effect/vitest"
import { jsonLogger, prettyLogger } from "@flowforge/platform/telemetry"
import { Cause, Effect, Logger, Tracer } from "effect"
import * as fc from "fast-check"

const TRACE = { traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331" }

/** Runs with a logger of its own and answers what it wrote. */
const written = (make: typeof jsonLogger, effect: Effect.Effect<unknown>): ReadonlyArray<string> => {
  const lines: Array<string> = []
  Effect.runSync(Effect.exit(effect).pipe(Effect.provide(Logger.layer([make("order", (line) => lines.push(line))]))))
  return lines
}

const parsed = (effect: Effect.Effect<unknown>): any => JSON.parse(written(jsonLogger, effect)[0]!)

/** Anything that could end a line, or steer a terminal. */
// oxlint-disable-next-line no-control-regex -- they are what must not be there
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028-\u202e]/u

const hostile = fc.string({
  unit: fc.oneof(
    fc.constantFrom("\n", "\r", "\u001b[31m", "\u009b", "\u2028", "\u0000", "\u202e", '"', "\\"),
    fc.string({ unit: "binary" })
  )
})

describe("a JSON log line", () => {
  it("says when, how grave, which service, what, about what, and in which trace", () => {
    const line = parsed(
      Effect.logWarning("the order stands still").pipe(
        Effect.annotateLogs({ order_id: "01934b2e-0000-7000-8000-000000000001", attempts: 3 }),
        Effect.provideService(Tracer.ParentSpan, Tracer.externalSpan(TRACE))
      )
    )
    assert.match(line.time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/u)
    assert.deepStrictEqual(
      { ...line, time: "" },
      {
        time: "",
        level: "Warn",
        service: "order",
        message: "the order stands still",
        order_id: "01934b2e-0000-7000-8000-000000000001",
        attempts: 3,
        trace_id: TRACE.traceId,
        span_id: TRACE.spanId
      }
    )
  })

  it("has a cause where there is one, with what failed and without secrets", () => {
    const cause = Cause.die(new Error("no connection to postgres://anna:s3cr3t@db"))
    const line = parsed(Effect.logError("a request failed", cause))
    assert.strictEqual(line.message, "a request failed")
    assert.include(line.cause, "no connection to postgres://anna:***@db")
    assert.notProperty(parsed(Effect.logInfo("all is well")), "cause")
  })

  it("keeps its own fields when an annotation has their name", () => {
    const line = parsed(
      Effect.logInfo("true").pipe(Effect.annotateLogs({ message: "false", level: "x", service: "y" }))
    )
    assert.deepStrictEqual([line.message, line.level, line.service], ["true", "Info", "order"])
  })

  it("is one line of JSON without control characters, whatever is logged", () => {
    fc.assert(
      fc.property(hostile, hostile, fc.anything({ withBigInt: true, withMap: true }), (text, name, value) => {
        const lines = written(
          jsonLogger,
          Effect.logInfo(text, value, Cause.die(new Error(text))).pipe(
            Effect.annotateLogs({ [`x${name}`]: text, value })
          )
        )
        assert.strictEqual(lines.length, 1)
        assert.isTrue(lines[0]!.endsWith("\n"))
        assert.notMatch(lines[0]!.slice(0, -1), CONTROL)
        assert.strictEqual(JSON.parse(lines[0]!).service, "order")
      })
    )
  })

  it("hides secrets in the message, the annotations and structures", () => {
    const text = written(
      jsonLogger,
      Effect.logInfo("card 4111 1111 1111 1111", { token: "s3cr3t" }).pipe(
        Effect.annotateLogs({ password: "s3cr3t", body: { payment_info: { token: "s3cr3t" } } })
      )
    ).join("")
    assert.notInclude(text, "1111")
    assert.notInclude(text, "s3cr3t")
  })
})

describe("a log entry on a terminal", () => {
  // oxlint-disable-next-line no-control-regex -- the colors are not of interest
  const plain = (text: string): string => text.replace(/\u001b\[\d+m/gu, "")

  it("reads as time, level, message and what it is about", () => {
    const [text] = written(
      prettyLogger,
      Effect.logInfo("took the lock").pipe(Effect.annotateLogs({ singleton: "relay", held: { for: 3 } }))
    )
    assert.match(plain(text!), /^\d\d:\d\d:\d\d\.\d{3} Info {2}took the lock singleton=relay held=\{"for":3\}\n$/u)
  })

  it("begins a line only where an entry begins, whatever is logged", () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const entry = plain(
          written(
            prettyLogger,
            Effect.logInfo(text, Cause.die(new Error(text))).pipe(Effect.annotateLogs({ [`x${text}`]: text }))
          ).join("")
        )
        const [head, ...rest] = entry.slice(0, -1).split("\n")
        assert.notMatch(head!, CONTROL)
        assert.isAbove(rest.length, 0, "the cause follows")
        for (const line of rest) {
          assert.isTrue(line.startsWith("    "))
          assert.notMatch(line, CONTROL)
        }
      })
    )
  })
})
