import { createHash, randomInt } from "node:crypto"
import { assert } from "@effect/vitest"
import type { Message } from "@flowforge/messaging"
import { Effect } from "effect"
import { FlowForge } from "../../system/client.ts"
import { Between, Driver } from "../driver.ts"
import { type Arrival, type History, histories, ITEM, SCARCE, statesTo } from "./histories.ts"
import { countTo, endOf, look, place, statesOf, stockOf } from "./shopping.ts"
import type { TellerBetween } from "./teller.ts"

const PERMUTATIONS = 6

/** The same again: the seed stands in the title. */
const SEED = process.env["FLOWFORGE_STORY_SEED"] ?? String(randomInt(1_000_000))

const digest = (text: string): string => createHash("sha256").update(text).digest("hex")

/** The events from the last to the first, and in other orders that the seed says, no two of them the same. */
const permutationsOf = (name: string, events: ReadonlyArray<Message>): ReadonlyArray<ReadonlyArray<Message>> => {
  const found = new Map<string, ReadonlyArray<Message>>()
  const keep = (permutation: ReadonlyArray<Message>) => found.set(arrivalOf(permutation).join(), permutation)
  keep(events.toReversed())
  for (let n = 0; found.size < PERMUTATIONS; n++) {
    const placeOf = ({ topic }: Message) => digest(`${SEED} ${name} ${n} ${topic}`)
    keep(events.toSorted((a, b) => (placeOf(a) < placeOf(b) ? -1 : 1)))
  }
  return [...found.values()]
}

const arrivalOf = (events: ReadonlyArray<Message>): Arrival => events.map(({ topic }) => topic)

const placed = Effect.fnUntraced(function* (history: History, n: number) {
  const { api } = yield* FlowForge
  const { isCancelled, item, name, token } = history
  // Who has a phone.
  const id = yield* place({ user: 3 * (n + 1), items: [[item, 1]], token })
  if (isCancelled) yield* api.orders.cancel({ params: { order_id: id } })
  const events = permutationsOf(name, history.events(yield* look(id), token))[n]!
  return { id, history, events, arrival: arrivalOf(events), title: `${name}: ${arrivalOf(events).join(", ")}` }
})

const wishes = histories.flatMap((history) => Array.from({ length: PERMUTATIONS }, (_, n) => ({ history, n })))

export const permuted = (it: TellerBetween): void => {
  it.effect(`an order's events in any order across topics, ahead of its own, come to one end (seed ${SEED})`, () =>
    Effect.gen(function* () {
      const driver = yield* Driver
      const between = yield* Between
      yield* countTo(SCARCE, 0)
      const stocks = Effect.all([stockOf(ITEM), stockOf(SCARCE)])
      const sold = [(yield* stockOf(ITEM)) - wishes.filter(({ history }) => history.end === "CONFIRMED").length, 0]
      const orders = yield* Effect.scoped(
        Effect.gen(function* () {
          yield* between.withhold
          const orders = yield* Effect.forEach(wishes, ({ history, n }) => placed(history, n), { concurrency: 8 })
          const longest = Math.max(...orders.map(({ events }) => events.length))
          for (let n = 0; n < longest; n++) {
            yield* driver.inject(orders.flatMap(({ events }) => events.slice(n, n + 1)))
            yield* between.handled
          }
          assert.deepStrictEqual(yield* stocks, sold, "of what was told")
          for (const { events, id, title } of orders) {
            assert.notStrictEqual((yield* look(id)).status, "PENDING", `${title}: what was told decides`)
            assert.strictEqual((yield* driver.recordsOf(id)).length, events.length, `${title}: its own have not come`)
          }
          return orders
        })
      )
      // Now its own come, all of them late.
      yield* driver.atRest
      const letters = yield* driver.openDeadLetters
      for (const { arrival, history, id, title } of orders) {
        const order = yield* endOf(id)
        assert.strictEqual(order.cancel_reason ?? order.status, history.end, title)
        assert.deepStrictEqual(statesOf(order), statesTo(history, arrival), title)
        assert.deepStrictEqual(order.trouble, [], title)
        assert.deepStrictEqual(yield* driver.moneyOf(id), history.money(arrival), title)
        const kinds = (yield* driver.lettersAbout(id)).map(({ kind }) => kind)
        assert.deepStrictEqual(kinds.toSorted(), ["email", "sms"], title)
        assert.deepStrictEqual(
          letters.filter(({ key }) => key === id),
          [],
          title
        )
      }
      assert.deepStrictEqual(yield* stocks, sold)
    })
  )
}
