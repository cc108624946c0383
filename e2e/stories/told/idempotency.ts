import { randomUUID } from "node:crypto"
import { assert } from "@effect/vitest"
import type { OrderId } from "@flowforge/contracts"
import { Effect } from "effect"
import { FlowForge } from "../../system/client.ts"
import { userId } from "./shopping.ts"
import type { Teller } from "./teller.ts"

const USER = 50

const post = Effect.fnUntraced(function* (key: string | undefined, quantity: number, user = USER) {
  const { accepted, publicUrl } = yield* FlowForge
  const answer = yield* Effect.promise(async () => {
    const response = await fetch(`${publicUrl}/orders`, {
      method: "POST",
      headers: { "content-type": "application/json", ...(key === undefined ? {} : { "idempotency-key": key }) },
      body: JSON.stringify({
        user_id: userId(user),
        items: [{ item_id: 15, quantity }],
        payment_info: { method: "card", token: "tok_ok" }
      })
    })
    return { status: response.status, location: response.headers.get("location"), text: await response.text() }
  })
  const { order_id } = JSON.parse(answer.text) as { readonly order_id?: OrderId }
  if (order_id !== undefined) accepted.add(order_id)
  return answer
})

/** A request whose first is still being worked on may be told to come back. */
const postUntilAnswered = Effect.fnUntraced(function* (key: string, quantity: number) {
  for (;;) {
    const answer = yield* post(key, quantity)
    if (answer.status !== 409) return answer
    yield* Effect.sleep("50 millis")
  }
})

const ordersOf = Effect.fnUntraced(function* (user: number) {
  const { api } = yield* FlowForge
  const page = yield* api.orders.listOfUser({ params: { user_id: userId(user) }, query: { limit: 100 } })
  return page.orders.length
})

export const idempotency = (it: Teller): void => {
  it.effect("a request that is repeated, at once or later, is answered byte for byte the same, and orders once", () =>
    Effect.gen(function* () {
      const key = randomUUID()
      const before = yield* ordersOf(USER)
      const together = yield* Effect.all(
        Array.from({ length: 10 }, () => postUntilAnswered(key, 1)),
        { concurrency: "unbounded" }
      )
      const answers = [...together, yield* post(key, 1)]
      assert.strictEqual(answers[0]!.status, 202)
      for (const answer of answers) assert.deepStrictEqual(answer, answers[0])
      assert.strictEqual(yield* ordersOf(USER), before + 1)
    })
  )

  it.effect("another order under the same key is refused, and leaves the first as it was", () =>
    Effect.gen(function* () {
      const key = randomUUID()
      const first = yield* post(key, 1)
      const before = yield* ordersOf(USER)
      assert.strictEqual((yield* post(key, 2)).status, 422)
      assert.deepStrictEqual(yield* post(key, 1), first)
      assert.strictEqual(yield* ordersOf(USER), before)
    })
  )

  it.effect("a key is its user's own, and without one every request is an order", () =>
    Effect.gen(function* () {
      const key = randomUUID()
      const texts = [
        yield* post(key, 1),
        yield* post(key, 1, USER + 1),
        yield* post(undefined, 1),
        yield* post(undefined, 1)
      ]
      assert.strictEqual(new Set(texts.map(({ text }) => text)).size, 4)
    })
  )
}
