import { assert, layer } from "@effect/vitest"
import { rowsRead, untilSomebodyWaits } from "@flowforge/testkit"
import type { Delivery } from "@flowforge/messaging"
import { Deferred, Effect, Fiber } from "effect"
import type { NonEmptyReadonlyArray } from "effect/Array"
import { SqlClient } from "effect/sql"
import { v7 } from "uuid"
import type { Called, Handle } from "../../src/consumer/entry.ts"
import { inbox, unclaimed } from "../../src/policies/inbox.ts"
import { firstOf, release, settle, takeDue } from "../../src/parked/keys.ts"
import { park } from "../../src/parked/park.ts"
import { counted, layerWorld, newGroup, outcomesOf, parkedOf } from "../consumer/world.ts"

const deliveryOf = (key: string, n: number): Delivery<ReturnType<typeof counted>> => {
  const event = counted(key, n)
  const record = { topic: "t", partition: 0, offset: String(n), key, value: new Uint8Array([n]), headers: {} }
  return { ...record, key, eventId: event.event_id, event, attempt: 1, traceparent: undefined, record }
}

const results = (...deliveries: ReadonlyArray<Delivery<unknown>>) =>
  deliveries.map((delivery) => ({ delivery, result: undefined })) as unknown as NonEmptyReadonlyArray<Called<any, any>>

const noting = () => {
  const handled: Array<string> = []
  const handle: Handle<never> = (given) =>
    Effect.sync(() => void handled.push(...given.map(({ delivery }) => `${delivery.key}${delivery.event.n}`)))
  return { handled, handle }
}

layer(layerWorld, { excludeTestServices: true })("the inbox", (it) => {
  it.effect("lets through, once, what its group has no record of, and lets another group have it as well", () =>
    Effect.gen(function* () {
      const [group, other] = [newGroup(), newGroup()]
      const { handled, handle } = noting()
      const [a, b, c] = [deliveryOf("a", 0), deliveryOf("b", 1), deliveryOf("c", 2)]
      yield* inbox(group, "t")(handle)(results(a, b))
      yield* inbox(group, "t")(handle)(results(b, c))
      assert.deepStrictEqual(handled, ["a0", "b1", "c2"])
      yield* inbox(other, "t")(handle)(results(b))
      assert.deepStrictEqual(handled, ["a0", "b1", "c2", "b1"])
    })
  )

  it.effect("does not trouble the handler when nothing is new", () =>
    Effect.gen(function* () {
      const group = newGroup()
      const a = deliveryOf("a", 0)
      yield* inbox(group, "t")(noting().handle)(results(a))
      yield* inbox(group, "t")(() => Effect.die("called"))(results(a))
    })
  )

  it.effect("leaves no record of what failed: it may come again", () =>
    Effect.gen(function* () {
      const group = newGroup()
      const a = deliveryOf("a", 0)
      yield* Effect.flip(inbox(group, "t")(() => Effect.fail("no"))(results(a)))
      assert.deepStrictEqual(yield* outcomesOf(group), {})
    })
  )

  it.effect("gives one of two who claim the same event at once the effect, and the other nothing", () =>
    Effect.gen(function* () {
      const group = newGroup()
      const { handled, handle } = noting()
      const a = deliveryOf("a", 0)
      const claim = inbox(group, "t")((given) => Effect.andThen(Effect.sleep("20 millis"), handle(given)))(results(a))
      yield* Effect.all([claim, claim], { concurrency: 2 })
      assert.deepStrictEqual(handled, ["a0"])
    })
  )

  it.effect("puts a delivery whose key is held back behind what waits, in the order they came", () =>
    Effect.gen(function* () {
      const group = newGroup()
      const { handled, handle } = noting()
      const [a0, a1, b2, a3] = [deliveryOf("a", 0), deliveryOf("a", 1), deliveryOf("b", 2), deliveryOf("a", 3)]
      yield* park(group, a0, { attempts: 1, error: "no", delayMillis: 3_600_000 })
      yield* inbox(group, "t")(handle)(results(a1, b2, a3))
      assert.deepStrictEqual(handled, ["b2"])
      assert.deepStrictEqual(
        (yield* parkedOf(group)).map(({ event_id }) => event_id),
        [a0, a1, a3].map(({ eventId }) => eventId)
      )
      assert.deepStrictEqual(yield* outcomesOf(group), { done: 1, parked: 3 })
    })
  )

  it.effect("waits until a key is let go, and then its events need not wait", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const group = newGroup()
      const { handled, handle } = noting()
      yield* park(group, deliveryOf("a", 0), { attempts: 1, error: "no", delayMillis: 0 })
      const [held] = (yield* takeDue(group, v7())).due
      const waiting = yield* firstOf(held!)
      yield* sql.withTransaction(settle(held!, waiting!, "done"))
      const [isLetGo, mayCommit] = [yield* Deferred.make<void>(), yield* Deferred.make<void>()]
      const letting = yield* Effect.forkScoped(
        sql.withTransaction(
          Effect.all([release(held!), Deferred.succeed(isLetGo, undefined), Deferred.await(mayCommit)])
        )
      )
      yield* Deferred.await(isLetGo)
      const coming = yield* Effect.forkScoped(inbox(group, "t")(handle)(results(deliveryOf("a", 1))))
      yield* untilSomebodyWaits
      yield* Deferred.succeed(mayCommit, undefined)
      yield* Fiber.join(letting)
      yield* Fiber.join(coming)
      assert.deepStrictEqual(handled, ["a1"])
    })
  )

  it.effect("holds a key back for its group and topic alone", () =>
    Effect.gen(function* () {
      const [group, other] = [newGroup(), newGroup()]
      const { handled, handle } = noting()
      yield* park(group, deliveryOf("a", 0), { attempts: 1, error: "no", delayMillis: 3_600_000 })
      yield* inbox(other, "t")(handle)(results(deliveryOf("a", 1)))
      yield* inbox(group, "another topic")(handle)(results(deliveryOf("a", 2)))
      assert.deepStrictEqual(handled, ["a1", "a2"])
    })
  )

  it.effect("tells beforehand which deliveries are new and which are held back, and records nothing", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const group = newGroup()
      const [a0, a1, b2, c3] = [deliveryOf("a", 0), deliveryOf("a", 1), deliveryOf("b", 2), deliveryOf("c", 3)]
      yield* park(group, a0, { attempts: 1, error: "no", delayMillis: 3_600_000 })
      yield* inbox(group, "t")(noting().handle)(results(b2))
      const records = sql.unsafe(`SELECT * FROM processed_events WHERE consumer_group = $1 ORDER BY event_id`, [group])
      const before = yield* records
      assert.deepStrictEqual(yield* unclaimed(group, "t", [a0, a1, b2, c3]), { fresh: [c3], held: [a1] })
      assert.deepStrictEqual(yield* records, before)
    })
  )

  it.effect("a look at what is unclaimed reads nothing of the group but that", () =>
    Effect.gen(function* () {
      const group = newGroup()
      const handled = Array.from({ length: 50 }, (_, n) => deliveryOf(`handled${n}`, n))
      yield* inbox(group, "t")(noting().handle)(results(...handled))
      const look = unclaimed(group, "t", [handled[0]!, deliveryOf("new", 0)])
      assert.strictEqual(yield* rowsRead("processed_events", look), 1)
    })
  )
})
