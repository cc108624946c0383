import { assert, layer } from "@effect/vitest"
import { MinorUnits } from "@flowforge/contracts"
import { Effect, type Layer } from "effect"
import { PaymentGateway } from "../../src/gateway/index.ts"
import { newOrder } from "../payments.ts"

const amount = MinorUnits.make(1250)

/** What every gateway does. */
export const gatewaySuite = (name: string, gateway: Layer.Layer<PaymentGateway>) =>
  layer(gateway, { excludeTestServices: true })(`a payment gateway: ${name}`, (it) => {
    const request = (token = "tok_ok") => ({ orderId: newOrder(), amount, method: "card", token })

    it.effect("captures once, whatever the number of calls, and finds it again", () =>
      Effect.gen(function* () {
        const { capture, find } = yield* PaymentGateway
        const mine = request()
        assert.isUndefined(yield* find(mine.orderId))
        const facts = yield* Effect.all([capture(mine), capture(mine), capture(mine)], { concurrency: 3 })
        assert.strictEqual(facts[0]?._tag, "Captured")
        assert.deepStrictEqual(facts[1], facts[0])
        assert.deepStrictEqual(facts[2], facts[0])
        assert.deepStrictEqual(yield* find(mine.orderId), facts[0])
      })
    )

    it.effect("answers a declined card, it does not fail", () =>
      Effect.gen(function* () {
        const { capture } = yield* PaymentGateway
        const declined = request("tok_declined")
        assert.deepStrictEqual(yield* capture(declined), { _tag: "Declined", reason: "card_declined" })
        assert.deepStrictEqual(yield* capture(request("tok_insufficient_funds")), {
          _tag: "Declined",
          reason: "insufficient_funds"
        })
      })
    )

    it.effect("refuses another request under the same key", () =>
      Effect.gen(function* () {
        const { capture } = yield* PaymentGateway
        const mine = request()
        yield* capture(mine)
        const refused = yield* Effect.flip(capture({ ...mine, amount: MinorUnits.make(1) }))
        assert.strictEqual(refused._tag, "GatewayRefused")
      })
    )

    it.effect("never captures what was voided first; a void of a capture learns of it", () =>
      Effect.gen(function* () {
        const gateway = yield* PaymentGateway
        const [voided, captured] = [request(), request()]
        assert.deepStrictEqual(yield* gateway.void(voided.orderId), { _tag: "Voided" })
        assert.deepStrictEqual(yield* gateway.capture(voided), { _tag: "Voided" })
        const fact = yield* gateway.capture(captured)
        assert.deepStrictEqual(yield* gateway.void(captured.orderId), fact)
      })
    )

    it.effect("refunds a capture once, and nothing that was not captured", () =>
      Effect.gen(function* () {
        const { capture, refund } = yield* PaymentGateway
        const mine = request()
        const fact = yield* capture(mine)
        assert(fact._tag === "Captured")
        const back = { orderId: mine.orderId, txnId: fact.txnId, amount }
        const first = yield* refund(back)
        assert.strictEqual(first._tag, "Refunded")
        assert.deepStrictEqual(yield* refund(back), first)
        const refused = yield* Effect.flip(refund({ orderId: newOrder(), txnId: "txn_of_nobody", amount }))
        assert.strictEqual(refused._tag, "GatewayRefused")
      })
    )
  })
