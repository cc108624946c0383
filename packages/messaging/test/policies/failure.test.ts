import { assert, describe, it } from "@effect/vitest"
import { Cause, Effect, Exit } from "effect"
import { SqlError } from "effect/sql"
import { DependencyUnavailable, Unprocessable } from "../../src/errors.ts"
import { type FailureKind, failureOf } from "../../src/policies/failure.ts"
import { OutcomeUnknown } from "../../src/policies/timeout.ts"

const sqlError = (code: string) =>
  new SqlError.SqlError({
    reason: new SqlError.UnknownError({ cause: Object.assign(new Error(`code ${code}`), { code }), message: "failed" })
  })

const causes: ReadonlyArray<readonly [what: string, cause: Cause.Cause<unknown>, kind: FailureKind]> = [
  ["an impossible event", Cause.fail(new Unprocessable({ reason: "no such item" })), "impossible"],
  ["a dependency away", Cause.fail(new DependencyUnavailable({ dependency: "bank", reason: "503" })), "dependency"],
  ["a budget used up", Cause.fail(new OutcomeUnknown({ message: "not done within 250 ms" })), "unknown"],
  ["any other error", Cause.fail(new Error("no")), "retryable"],
  ["a bug", Cause.die(new TypeError("x is undefined")), "retryable"],
  ["an impossible event that was thrown", Cause.die(new Unprocessable({ reason: "no" })), "impossible"],
  ["a handler that interrupts itself", Cause.interrupt(1), "retryable"],
  ["PostgreSQL shutting down", Cause.fail(sqlError("57P01")), "database"],
  ["PostgreSQL starting up", Cause.fail(sqlError("57P03")), "database"],
  ["a lost connection", Cause.fail(sqlError("08006")), "database"],
  ["too many connections", Cause.fail(sqlError("53300")), "database"],
  ["a cancelled query", Cause.fail(sqlError("57014")), "retryable"],
  ["a deadlock", Cause.fail(sqlError("40P01")), "retryable"],
  ["a broken constraint", Cause.fail(sqlError("23514")), "retryable"]
]

describe("the failure of an attempt", () => {
  it.each(causes)("%s is read as it should be", (_, cause, kind) => {
    assert.strictEqual(failureOf(cause).kind, kind)
  })

  it("says what PostgreSQL said, what the dependency was, and which bug it is", () => {
    assert.strictEqual(failureOf(Cause.fail(sqlError("40P01"))).text, "code 40P01")
    assert.strictEqual(failureOf(causes[1]![1]).text, "bank: 503")
    assert.strictEqual(failureOf(causes[4]![1]).text, "TypeError: x is undefined")
  })

  it("is text that PostgreSQL can store, of 2,000 characters at most", () => {
    const { text } = failureOf(Cause.fail(new Unprocessable({ reason: `a\u0000b${"c".repeat(3_000)}` })))
    assert.strictEqual(text.length, 2_000)
    assert.isTrue(text.startsWith("a\uFFFDbc"))
  })

  it("prefers what failed to what was interrupted beside it", () => {
    const exit = Effect.runSyncExit(
      Effect.failCause(Cause.combine(Cause.interrupt(1), Cause.fail(new Unprocessable({ reason: "no" }))))
    )
    assert.strictEqual(Exit.isFailure(exit) && failureOf(exit.cause).kind, "impossible")
  })
})
