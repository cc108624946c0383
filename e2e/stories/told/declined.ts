import { assert } from "@effect/vitest"
import { Effect } from "effect"
import { FlowForge } from "../../system/client.ts"
import { Driver } from "../driver.ts"
import { endOf, place, statesOf, stockOf } from "./shopping.ts"
import type { Teller } from "./teller.ts"

const ITEM = 12

const REASONS = {
  tok_declined: "card_declined",
  tok_insufficient_funds: "insufficient_funds",
  tok_nobody_knows: "unknown_token"
}

export const declined = (it: Teller): void => {
  for (const [token, reason] of Object.entries(REASONS)) {
    it.effect(`${token}: an order whose payment is declined is cancelled, and nothing was taken`, () =>
      Effect.gen(function* () {
        const driver = yield* Driver
        const { publicUrl } = yield* FlowForge
        const stock = yield* stockOf(ITEM)
        const id = yield* place({ items: [[ITEM, 2]], token })
        const order = yield* endOf(id)
        yield* driver.atRest
        assert.strictEqual(order.cancel_reason, "PAYMENT_FAILED")
        assert.deepStrictEqual(statesOf(order), ["PENDING", "CANCELLED"])
        assert.include(order.history[1]!.cause, reason)
        assert.deepStrictEqual(yield* driver.moneyOf(id), { captures: 0, refunds: 0 })
        assert.strictEqual(yield* stockOf(ITEM), stock)
        const [mail, ...more] = yield* driver.lettersAbout(id)
        assert.deepStrictEqual(more, [])
        assert.match(mail!.source, /the payment was declined/u)
        const receipt = yield* Effect.promise(() => fetch(`${publicUrl}/orders/${id}/receipt`))
        assert.strictEqual(receipt.status, 404)
      })
    )
  }

  for (const token of ["tok_flaky", "tok_slow", "tok_timeout_after_capture"]) {
    it.effect(`${token}: an order whose payment stumbles is confirmed in the end, and paid once`, () =>
      Effect.gen(function* () {
        const driver = yield* Driver
        const id = yield* place({ items: [[ITEM, 1]], token })
        const order = yield* endOf(id)
        assert.deepStrictEqual(statesOf(order), ["PENDING", "CONFIRMED"])
        assert.deepStrictEqual(yield* driver.moneyOf(id), { captures: 1, refunds: 0 })
      })
    )
  }
}
