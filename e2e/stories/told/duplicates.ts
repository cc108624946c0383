import { randomUUID } from "node:crypto"
import { assert } from "@effect/vitest"
import { eventually } from "@flowforge/testkit"
import { Effect, Fiber } from "effect"
import { Driver, type RawRecord } from "../driver.ts"
import { countTo, endOf, look, place, statesOf, stockOf, type Wish } from "./shopping.ts"
import type { Teller } from "./teller.ts"

const ITEM = 17
const SCARCE = 64

/** An order for every way in which one can end by itself. */
const wishes: ReadonlyArray<Wish & { readonly states: ReadonlyArray<string>; readonly sold: number }> = [
  { items: [[ITEM, 1]], states: ["PENDING", "CONFIRMED"], sold: 1 },
  { items: [[ITEM, 2]], token: "tok_declined", states: ["PENDING", "CANCELLED"], sold: 0 },
  {
    items: [
      [ITEM, 4],
      [SCARCE, 1]
    ],
    states: ["PENDING", "CANCELLED", "REFUNDED"],
    sold: 0
  }
]

const shuffled = <A>(from: ReadonlyArray<A>): ReadonlyArray<A> =>
  from
    .map((value) => ({ value, place: Math.random() }))
    .toSorted((a, b) => a.place - b.place)
    .map(({ value }) => value)

const times = <A>(count: number, from: ReadonlyArray<A>): ReadonlyArray<A> =>
  Array.from({ length: count }, () => from).flat()

/** The same record as another event: what the inbox does not recognise, the states must. */
const asAnotherEvent = (record: RawRecord): RawRecord => {
  const event_id = randomUUID()
  const event = JSON.parse(Buffer.from(record.value as Uint8Array).toString()) as object
  return { ...record, value: JSON.stringify({ ...event, event_id }), headers: { ...record.headers, ce_id: event_id } }
}

/** Repeats every record of the order three times as soon as it is seen, in any order, for ever. */
const echo = Effect.fnUntraced(function* (orderId: string) {
  const driver = yield* Driver
  const heard = new Set<string>()
  for (;;) {
    const fresh = (yield* driver.recordsOf(orderId)).filter(({ headers }) => !heard.has(headers["ce_id"]!))
    for (const { headers } of fresh) heard.add(headers["ce_id"]!)
    if (fresh.length > 0) yield* driver.inject(shuffled(times(3, fresh)))
    yield* Effect.sleep("20 millis")
  }
})

const eventsOf = (records: ReadonlyArray<RawRecord>) => new Set(records.map(({ headers }) => headers["ce_id"]))

const told = Effect.fnUntraced(function* (orderId: string) {
  const letters = yield* (yield* Driver).lettersAbout(orderId)
  return letters.length
})

export const duplicates = (it: Teller): void => {
  it.effect("every event three times while the order is on its way has the effects of one", () =>
    Effect.gen(function* () {
      const driver = yield* Driver
      yield* countTo(SCARCE, 0)
      for (const { sold, states, ...wish } of wishes) {
        const stock = yield* stockOf(ITEM)
        const id = yield* place(wish)
        const echoing = yield* Effect.forkChild(echo(id))
        yield* endOf(id)
        yield* driver.atRest
        const isEchoed = Effect.map(driver.recordsOf(id), (records) => records.length === 4 * eventsOf(records).size)
        yield* eventually("each event came four times", isEchoed)
        yield* Fiber.interrupt(echoing)
        // An order behind them: what came before it in its partitions has been handled.
        yield* endOf(yield* place(wish))
        yield* driver.atRest
        assert.deepStrictEqual(statesOf(yield* look(id)), states)
        assert.strictEqual(yield* stockOf(ITEM), stock - 2 * sold)
        assert.isAtMost((yield* driver.moneyOf(id)).captures, 1)
        assert.strictEqual(yield* told(id), 1)
      }
    })
  )

  it.effect("all events of an order again, in any order, the same ones or others like them, change nothing", () =>
    Effect.gen(function* () {
      const driver = yield* Driver
      yield* countTo(SCARCE, 0)
      const stock = yield* stockOf(ITEM)
      const ids = yield* Effect.forEach(wishes, place)
      yield* Effect.forEach(ids, endOf)
      yield* driver.atRest
      const before = yield* Effect.forEach(ids, look)
      const records = (yield* Effect.forEach(ids, driver.recordsOf)).flat()
      // A second order.created would be a second request: only the same one can come again.
      const others = records.filter(({ topic }) => topic !== "order.created").map(asAnotherEvent)
      yield* driver.inject(shuffled([...times(3, records), ...others]))
      // What is placed behind them is seen to its end behind them.
      yield* Effect.forEach(yield* Effect.forEach(wishes, place), endOf)
      yield* driver.atRest

      assert.deepStrictEqual(yield* Effect.forEach(ids, look), before)
      assert.strictEqual(yield* stockOf(ITEM), stock - 2 * wishes.reduce((sum, { sold }) => sum + sold, 0))
      const known = eventsOf([...records, ...others])
      for (const [n, id] of ids.entries()) {
        const { states } = wishes[n]!
        const refunds = states.includes("REFUNDED") ? 1 : 0
        assert.deepStrictEqual(yield* driver.moneyOf(id), {
          captures: states[1] === "CONFIRMED" ? 1 : refunds,
          refunds
        })
        assert.strictEqual(yield* told(id), 1)
        const unheardOf = eventsOf(yield* driver.recordsOf(id)).difference(known)
        assert.deepStrictEqual([...unheardOf], [], "nobody answers what was answered before")
      }
    })
  )
}
