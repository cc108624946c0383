import { assert, layer } from "@effect/vitest"
import { type GatewayPayment, MinorUnits } from "@flowforge/contracts"
import { Context, Duration, Effect, Layer, Result } from "effect"
import { outcomeOf } from "../src/outcomes.ts"
import { captureOf, clientOf, ledgerFolder, startSimulator } from "./simulator.ts"

class Simulator extends Context.Service<
  Simulator,
  { readonly url: string; readonly client: Effect.Success<ReturnType<typeof clientOf>> }
>()("test/Simulator") {}

const layerSimulator = Layer.effect(
  Simulator,
  Effect.gen(function* () {
    const { url } = yield* startSimulator(yield* ledgerFolder)
    return Simulator.of({ url, client: yield* clientOf(url) })
  })
)

const refundOf = (captured: GatewayPayment, key = `refund:${captured.idempotency_key}`) => ({
  headers: { "idempotency-key": key },
  payload: { txn_id: captured.txn_id!, amount: captured.amount }
})
const voidOf = (key: string) => ({ headers: { "idempotency-key": key } })
/** Those of some references that tok_load declines. */
const declinedUnderLoad = Array.from({ length: 1_000 }, (_, n) => `order-${n}`).filter(
  (reference) => outcomeOf("tok_load", reference).kind === "declined"
)
const failureTag = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.map(Effect.result(effect), (result) =>
    Result.isFailure(result) ? (result.failure as { readonly _tag: string })._tag : "Success"
  )

layer(layerSimulator, { excludeTestServices: true })("the simulator, asked as its contract declares", (it) => {
  it.effect("captures once under a key, and answers the same for ever", () =>
    Effect.gen(function* () {
      const { payments, control } = (yield* Simulator).client
      const answers = yield* Effect.all(
        Array.from({ length: 20 }, () => payments.capture(captureOf("same"))),
        { concurrency: "unbounded" }
      )
      assert.strictEqual(new Set(answers.map(({ txn_id }) => txn_id)).size, 1)
      assert.deepStrictEqual(yield* payments.find({ params: { idempotency_key: "same" } }), answers[0])
      const { entries } = yield* control.ledger({ query: {} })
      assert.strictEqual(entries.filter((entry) => entry.idempotency_key === "same").length, 1)
    })
  )

  it.effect("refuses a key that comes with another amount, token or reference", () =>
    Effect.gen(function* () {
      const { payments } = (yield* Simulator).client
      yield* payments.capture(captureOf("mine"))
      assert.strictEqual(yield* failureTag(payments.capture(captureOf("mine", "tok_ok", 1251))), "KeyConflict")
      assert.strictEqual(yield* failureTag(payments.capture(captureOf("mine", "tok_slow"))), "KeyConflict")
      const { headers } = captureOf("mine")
      assert.strictEqual(yield* failureTag(payments.capture({ ...captureOf("other"), headers })), "KeyConflict")
    })
  )

  it.effect("declines what its token says, without a transaction", () =>
    Effect.gen(function* () {
      const { payments } = (yield* Simulator).client
      const reasons = yield* Effect.forEach(["tok_declined", "tok_insufficient_funds", "tok_whatever"], (token) =>
        payments.capture(captureOf(token, token))
      )
      assert.deepStrictEqual(
        reasons.map(({ status, txn_id, decline_reason }) => [status, txn_id, decline_reason]),
        [
          ["declined", undefined, "card_declined"],
          ["declined", undefined, "insufficient_funds"],
          ["declined", undefined, "unknown_token"]
        ]
      )
    })
  )

  it.effect("never captures a key that was voided first, and a void of a capture answers captured", () =>
    Effect.gen(function* () {
      const { payments } = (yield* Simulator).client
      assert.strictEqual((yield* payments.void(voidOf("never"))).status, "voided")
      assert.strictEqual((yield* payments.capture(captureOf("never"))).status, "voided")
      const captured = yield* payments.capture(captureOf("already"))
      assert.deepStrictEqual(yield* payments.void(voidOf("already")), captured)
    })
  )

  it.effect("refunds a capture once, whatever the key", () =>
    Effect.gen(function* () {
      const { payments } = (yield* Simulator).client
      const captured = yield* payments.capture(captureOf("back"))
      const refunds = yield* Effect.all(
        Array.from({ length: 5 }, () => payments.refund(refundOf(captured))),
        { concurrency: "unbounded" }
      )
      assert.strictEqual(new Set(refunds.map(({ refund_id }) => refund_id)).size, 1)
      assert.strictEqual(yield* failureTag(payments.refund(refundOf(captured, "second"))), "KeyConflict")
      const unknown = { ...captured, txn_id: "txn_of_nobody" as typeof captured.txn_id & string }
      assert.strictEqual(yield* failureTag(payments.refund(refundOf(unknown, "third"))), "UnknownKey")
      const tooMuch = { ...(yield* payments.capture(captureOf("much"))), amount: MinorUnits.make(9999) }
      assert.strictEqual(yield* failureTag(payments.refund(refundOf(tooMuch))), "KeyConflict")
    })
  )

  it.effect("refuses the refund of tok_refund_fails three times, then makes it", () =>
    Effect.gen(function* () {
      const { payments } = (yield* Simulator).client
      const captured = yield* payments.capture(captureOf("stubborn", "tok_refund_fails"))
      const tags = yield* Effect.forEach([1, 2, 3, 4], () => failureTag(payments.refund(refundOf(captured))))
      assert.deepStrictEqual(tags, ["GatewayUnavailable", "GatewayUnavailable", "GatewayUnavailable", "Success"])
    })
  )

  it.effect("fails the first attempt of tok_flaky, and answers late to tok_slow", () =>
    Effect.gen(function* () {
      const { payments } = (yield* Simulator).client
      assert.strictEqual(yield* failureTag(payments.capture(captureOf("f", "tok_flaky"))), "GatewayUnavailable")
      assert.strictEqual((yield* payments.capture(captureOf("f", "tok_flaky"))).status, "captured")
      const [took, slow] = yield* Effect.timed(payments.capture(captureOf("s", "tok_slow")))
      assert.strictEqual(slow.status, "captured")
      assert.isAtLeast(Duration.toMillis(took), 1_490)
    })
  )

  it.effect("captures tok_timeout_after_capture without ever answering the first call", () =>
    Effect.gen(function* () {
      const { payments, control } = (yield* Simulator).client
      const call = payments.capture(captureOf("silent", "tok_timeout_after_capture"))
      assert.isTrue((yield* Effect.timeoutOption(call, "300 millis"))._tag === "None")
      const { entries } = yield* control.ledger({ query: {} })
      const booked = entries.filter((entry) => entry.idempotency_key === "silent")
      assert.deepStrictEqual(
        booked.map(({ kind }) => kind),
        ["captured"]
      )
      assert.strictEqual((yield* call).txn_id, booked[0]?.txn_id)
    })
  )

  it.effect("decides tok_load by the reference: the same answer under any key", () =>
    Effect.gen(function* () {
      const { payments } = (yield* Simulator).client
      const capture = (key: string, reference: string) => {
        const { headers, payload } = captureOf(key, "tok_load")
        return payments.capture({ headers, payload: { ...payload, reference } })
      }
      const declined = declinedUnderLoad[0]!
      assert.strictEqual((yield* capture("load-1", declined)).status, "declined")
      assert.strictEqual((yield* capture("load-2", declined)).status, "declined")
      assert.strictEqual((yield* capture("load-3", `${declined}-other`)).status, "captured")
    })
  )

  it.effect("answers 503 to everybody while it is switched off, and keeps its control interface", () =>
    Effect.gen(function* () {
      const { payments, control } = (yield* Simulator).client
      yield* control.change({ payload: { unavailable: true } })
      assert.strictEqual(yield* failureTag(payments.capture(captureOf("off"))), "GatewayUnavailable")
      const found = payments.find({ params: { idempotency_key: "off" } })
      assert.strictEqual(yield* failureTag(found), "GatewayUnavailable")
      yield* control.change({ payload: { unavailable: false, failure_rate: 1 } })
      assert.strictEqual(yield* failureTag(payments.void(voidOf("off"))), "GatewayUnavailable")
      const switches = yield* control.change({ payload: { failure_rate: 0 } })
      assert.deepStrictEqual(yield* control.switches(), switches)
      assert.strictEqual(yield* failureTag(found), "UnknownKey")
      yield* control.live()
    })
  )

  it.effect("answers bad requests with 400, unknown routes with 404, and books nothing", () =>
    Effect.gen(function* () {
      const { url, client } = yield* Simulator
      const before = (yield* client.control.ledger({ query: {} })).entries.length
      const ask = (path: string, init: RequestInit) =>
        Effect.promise(() => fetch(`${url}${path}`, init).then((response) => response.status))
      const key = { "idempotency-key": "bad" }
      const post = (headers: Record<string, string>, body: string) => ({ method: "POST", headers, body })
      const capture = JSON.stringify(captureOf("bad").payload)
      assert.strictEqual(yield* ask("/v1/captures", post({}, capture)), 400)
      assert.strictEqual(yield* ask("/v1/captures", post(key, "{")), 400)
      assert.strictEqual(yield* ask("/v1/captures", post(key, "null")), 400)
      assert.strictEqual(yield* ask("/v1/captures", post(key, capture.replace("1250", "-1"))), 400)
      assert.strictEqual(yield* ask("/v1/captures", post(key, capture.replace("1250", "0.5"))), 400)
      assert.strictEqual(yield* ask("/v1/captures", post(key, "x".repeat(100_000))), 400)
      assert.strictEqual(yield* ask("/v1/payments/%E0%A4%A", {}), 400)
      assert.strictEqual(yield* ask("/v2/captures", post(key, capture)), 404)
      assert.strictEqual(yield* ask("/control/switches", { method: "PATCH", body: '{"failure_rate":2}' }), 400)
      assert.strictEqual((yield* client.control.ledger({ query: {} })).entries.length, before)
    })
  )
})
