import { randomUUID } from "node:crypto"
import { assert } from "@effect/vitest"
import { Topics } from "@flowforge/contracts"
import { eventually } from "@flowforge/testkit"
import { Effect } from "effect"
import { Driver, type RawRecord } from "../driver.ts"
import { endOf, place } from "./shopping.ts"
import type { Teller } from "./teller.ts"

const ITEM = 18
const MEGABYTE = 1024 * 1024

/** Which groups read a topic: each gives up what it cannot read for itself. */
const READERS: Readonly<Record<string, ReadonlyArray<string>>> = {
  "order.created": ["payment"],
  "order.confirmed": ["notification"],
  "order.cancelled": ["inventory", "notification", "payment"],
  "payment.succeeded": ["inventory"],
  "payment.failed": ["order"],
  "payment.refunded": ["order"],
  "inventory.reserved": ["order"],
  "inventory.failed": ["order"],
  "notification.sent": []
}

/** Who in the end gives up an event about an order that does not exist. */
const WHO_MISSES_THE_ORDER: Readonly<Record<string, { readonly group: string; readonly topic: string }>> = {
  "order.created": { group: "order", topic: "payment.failed" },
  "order.confirmed": { group: "notification", topic: "order.confirmed" },
  "order.cancelled": { group: "notification", topic: "order.cancelled" },
  "payment.succeeded": { group: "order", topic: "inventory.failed" },
  "payment.failed": { group: "order", topic: "payment.failed" },
  "payment.refunded": { group: "order", topic: "payment.refunded" },
  "inventory.reserved": { group: "order", topic: "inventory.reserved" },
  "inventory.failed": { group: "order", topic: "inventory.failed" }
}

/** Values that nobody can read as an event of the topic. */
const unreadable: Readonly<Record<string, (topic: string) => string | Uint8Array>> = {
  "bad JSON": () => '{"event_id": "01',
  "no UTF-8": () => Uint8Array.of(0xff, 0xfe, 0x00, 0x80),
  nothing: () => "",
  "an unknown type": () => JSON.stringify({ ...envelope("order.teleported"), order_id: randomUUID() }),
  "a wrong version": (topic) => JSON.stringify({ ...envelope(topic), order_id: { v2: true }, order: [1] }),
  "a megabyte": (topic) => JSON.stringify({ ...envelope(topic), padding: "x".repeat(MEGABYTE) })
}

const envelope = (event_type: string) => ({ event_id: randomUUID(), event_type, timestamp: new Date().toISOString() })

/** A good event of each topic, about an order that nobody placed, of a customer whom nobody knows. */
const aboutNobody = (topic: string): RawRecord => {
  const order_id = randomUUID()
  const user_id = randomUUID()
  const items = [{ item_id: 999_999_999, quantity: 1 }]
  const common = { ...envelope(topic), order_id, user_id }
  const event: Readonly<Record<string, object>> = {
    "order.created": {
      order: { order_id, user_id, items, total_amount: 1, payment: { method: "card", token: "tok_declined" } }
    },
    "order.confirmed": { items: [{ ...items[0], price: 1 }], total_amount: 1 },
    "order.cancelled": { reason: "CUSTOMER" },
    "payment.succeeded": { txn_id: "txn_nobody", amount: 1, items },
    "payment.failed": { reason: "card_declined" },
    "payment.refunded": { txn_id: "txn_nobody", refund_id: "ref_nobody", amount: 1 },
    "inventory.reserved": { reserved_items: items },
    "inventory.failed": { reason: "OUT_OF_STOCK", failed_items: [{ ...items[0], requested: 1, available: 0 }] },
    "notification.sent": { notification_id: randomUUID(), type: "email", status: "sent" }
  }
  return {
    topic,
    key: order_id,
    value: JSON.stringify({ ...common, ...event[topic] }),
    headers: { ce_id: common.event_id }
  }
}

const topics = Object.values(Topics).map(({ name }) => name)

const row = (letter: { readonly group: string; readonly topic: string; readonly key: string }): string =>
  `${letter.topic} ${letter.key} ${letter.group}`

/** Dead letters about these keys. */
const lettersAbout = Effect.fnUntraced(function* (keys: ReadonlySet<string>) {
  const letters = yield* (yield* Driver).openDeadLetters
  return letters.filter(({ key }) => keys.has(key))
})

/** Waits until as many are dead as should be, and sees that it is those. */
const areDead = Effect.fnUntraced(function* (keys: ReadonlyArray<string>, expected: ReadonlyArray<string>) {
  const set = new Set(keys)
  yield* eventually(
    `${expected.length} dead letters`,
    Effect.map(lettersAbout(set), ({ length }) => length >= expected.length)
  )
  yield* (yield* Driver).atRest
  assert.deepStrictEqual((yield* lettersAbout(set)).map(row).toSorted(), expected.toSorted())
})

export const poison = (it: Teller): void => {
  it.effect("what nobody can read becomes a dead letter of each group that should, and orders flow on", () =>
    Effect.gen(function* () {
      const driver = yield* Driver
      const injected = topics.flatMap((topic) =>
        Object.entries(unreadable).map(([name, value]): RawRecord => ({
          topic,
          key: `${name} ${randomUUID()}`,
          value: value(topic),
          headers: {}
        }))
      )
      const before = yield* place({ items: [[ITEM, 1]] })
      yield* driver.inject(injected)
      const among = yield* Effect.forEach([1, 2, 3, 4, 5], (user) => place({ user, items: [[ITEM, 1]] }))
      for (const id of [before, ...among]) assert.strictEqual((yield* endOf(id)).status, "CONFIRMED")
      yield* areDead(
        injected.map(({ key }) => key!),
        injected.flatMap(({ key, topic }) => READERS[topic]!.map((group) => row({ topic, group, key: key! })))
      )
    })
  )

  it.effect("a record whose key is none, or not its event's own, becomes a dead letter", () =>
    Effect.gen(function* () {
      const driver = yield* Driver
      const keyless = (yield* driver.openDeadLetters).filter(({ key }) => key === "").length
      const foreign = `another ${randomUUID()}`
      yield* driver.inject([
        { topic: "payment.failed", key: null, value: "no event", headers: {} },
        { ...aboutNobody("payment.failed"), key: foreign }
      ])
      yield* areDead([foreign], [row({ topic: "payment.failed", group: "order", key: foreign })])
      yield* eventually(
        "the one without a key is dead, too",
        Effect.map(
          driver.openDeadLetters,
          (letters) => letters.filter(({ key }) => (key ?? "") === "").length === keyless + 1
        )
      )
    })
  )

  it.effect("a good event about an order that nobody placed ends as one dead letter, and takes nothing", () =>
    Effect.gen(function* () {
      const driver = yield* Driver
      const injected = topics.map(aboutNobody)
      yield* driver.inject(injected)
      const id = yield* place({ items: [[ITEM, 1]] })
      assert.strictEqual((yield* endOf(id)).status, "CONFIRMED")
      yield* areDead(
        injected.map(({ key }) => key!),
        injected.flatMap(({ key, topic }) => {
          const missing = WHO_MISSES_THE_ORDER[topic]
          return missing === undefined ? [] : [row({ ...missing, key: key! })]
        })
      )
      for (const { key } of injected) assert.deepStrictEqual(yield* driver.moneyOf(key!), { captures: 0, refunds: 0 })
    })
  )
}
