import { createHash } from "node:crypto"
import { assert, describe, it } from "@effect/vitest"
import { ObjectStore } from "@flowforge/platform"
import { eventually } from "@flowforge/testkit"
import { Effect, Option } from "effect"
import {
  addItem,
  addOrder,
  addUser,
  announced,
  cancelled,
  confirmed,
  makeWorld,
  publish,
  receiptOf,
  startConsumers,
  statusesOf
} from "./world.ts"

describe("notifications", () => {
  it.live(
    "a confirmed order has a receipt, a mail with a link to it and an SMS, each once, also when told three times",
    () => {
      const world = makeWorld()
      return Effect.gen(function* () {
        yield* addItem(1, "Pen <b>")
        const user = yield* addUser({ name: "Łukasz 北京", phone: "+491701234567" })
        const order = yield* addOrder(user)
        const event = confirmed(order, user)
        yield* startConsumers({ NOTIFICATION_PUBLIC_URL: "https://shop.example/" })
        for (const _ of [1, 2, 3]) yield* publish([event])
        yield* eventually(
          "both are sent",
          Effect.map(announced(order), (said) => said.length === 2)
        )
        // Another event about the same end comes last: when it is through, so are the repeats.
        yield* publish([confirmed(order, user), event])
        const other = yield* addOrder(user)
        yield* publish([confirmed(other, user)])
        yield* eventually(
          "the last is told",
          Effect.map(announced(other), (said) => said.length === 2)
        )
        assert.deepStrictEqual(yield* statusesOf(order), { confirmed_email: "sent", confirmed_sms: "sent" })
        assert.deepStrictEqual((yield* announced(order)).toSorted(), ["email sent", "sms sent"])
        const mails = world.mails.filter(({ text }) => text.includes(order))
        assert.strictEqual(mails.length, 1)
        assert.strictEqual(mails[0]?.to, "anna@example.com")
        assert.include(mails[0]!.html, `https://shop.example/orders/${order}/receipt`)
        assert.strictEqual(world.texts.filter(({ text }) => text.includes(order)).length, 1)
        const receipt = yield* receiptOf(order)
        assert.strictEqual(receipt?.object_key, `receipts/2026-11-23/${order}.html`)
        const objects = yield* ObjectStore
        const body = Option.getOrThrow(yield* objects.get(receipt!.object_key))
        assert.deepStrictEqual(createHash("sha256").update(body).digest(), Buffer.from(receipt!.sha256))
        const html = new TextDecoder().decode(body)
        for (const part of [order, "Pen &lt;b&gt;", "Łukasz 北京", "25.00"]) assert.include(html, part)
      }).pipe(Effect.scoped, Effect.provide(world.layer))
    }
  )

  it.live("a cancelled order has a mail and no receipt; nobody without a phone gets an SMS", () => {
    const world = makeWorld()
    return Effect.gen(function* () {
      const user = yield* addUser({})
      const order = yield* addOrder(user, "CANCELLED")
      yield* publish([cancelled(order, user)])
      yield* startConsumers()
      yield* eventually(
        "it is told",
        Effect.map(announced(order), (said) => said.length === 1)
      )
      assert.deepStrictEqual(yield* statusesOf(order), { cancelled_email: "sent" })
      assert.strictEqual(yield* receiptOf(order), undefined)
      assert.strictEqual(world.mails.length, 1)
      assert.strictEqual(world.texts.length, 0)
    }).pipe(Effect.scoped, Effect.provide(world.layer))
  })
})
