import { assert, layer } from "@effect/vitest"
import { message, Outbox, Wakeups } from "@flowforge/messaging"
import { layerTestDatabase } from "@flowforge/testkit"
import { Effect, Layer, PubSub } from "effect"
import { SqlClient } from "effect/sql"
import { committedIn } from "../appending.ts"
import { note, notes, textOf } from "../messages.ts"

const textsOf = (source: string) => Effect.map(committedIn(source), (messages) => messages.map(textOf))

layer(Layer.mergeAll(layerTestDatabase, Wakeups.layer), { excludeTestServices: true })("Outbox", (it) => {
  it.effect("keeps what a transaction appends in order, and wakes once it has committed", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const outbox = yield* Outbox
      const woken = yield* (yield* Wakeups).subscribe
      yield* sql.withTransaction(
        Effect.gen(function* () {
          yield* outbox.append([note("k", "a"), note("other", "b"), note("k", "c")])
          assert.strictEqual(yield* PubSub.remaining(woken), 0)
        })
      )
      assert.deepStrictEqual(yield* PubSub.take(woken), new Set(["note.taken"]))
      assert.deepStrictEqual(yield* textsOf("kept"), ["a", "b", "c"])
    }).pipe(Effect.provide(Outbox.layer("kept")))
  )

  it.effect("changes and the messages about them are one statement: both are kept, or neither", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const outbox = yield* Outbox
      yield* sql`CREATE TABLE guests (name text PRIMARY KEY)`
      const woken = yield* (yield* Wakeups).subscribe
      const guests = (names: ReadonlyArray<string>) => ({
        ctes: "came AS (INSERT INTO guests SELECT unnest($1::text[]))",
        values: [names]
      })
      yield* outbox.append([note("k", "ada came")], guests(["ada"]))
      assert.deepStrictEqual(yield* PubSub.take(woken), new Set(["note.taken"]))
      yield* Effect.flip(outbox.append([note("k", "she came again")], guests(["bob", "ada"])))
      assert.deepStrictEqual(yield* textsOf("together"), ["ada came"])
      assert.deepStrictEqual(yield* sql`SELECT name FROM guests`, [{ name: "ada" }])
      yield* outbox.append([], guests(["cem"]))
      assert.deepStrictEqual(yield* sql`SELECT name FROM guests ORDER BY name`, [{ name: "ada" }, { name: "cem" }])
      assert.strictEqual(yield* PubSub.remaining(woken), 0)
    }).pipe(Effect.provide(Outbox.layer("together")))
  )

  it.effect("leaves nothing and wakes nobody when the transaction rolls back", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const outbox = yield* Outbox
      const woken = yield* (yield* Wakeups).subscribe
      yield* Effect.flip(
        sql.withTransaction(Effect.andThen(outbox.append([note("k", "never")]), Effect.fail("changed my mind")))
      )
      assert.deepStrictEqual(yield* textsOf("rolled back"), [])
      assert.strictEqual(yield* PubSub.remaining(woken), 0)
    }).pipe(Effect.provide(Outbox.layer("rolled back")))
  )

  it.effect("writes CloudEvents headers, the source among them, and passes the trace on", () =>
    Effect.gen(function* () {
      const outbox = yield* Outbox
      const cause = { eventId: "the cause", traceparent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01" }
      const event = { event_id: "01890000-0000-7000-8000-000000000001", event_type: "note.taken" } as const
      const rest = { timestamp: "2026-01-01T00:00:00.000Z", key: "k", text: "é" }
      yield* outbox.append([message(notes, { ...event, ...rest }, cause)])
      const [kept] = yield* committedIn("headers")
      assert.deepStrictEqual(kept!.headers, {
        ce_specversion: "1.0",
        ce_id: event.event_id,
        ce_source: "/flowforge/headers",
        ce_type: "note.taken",
        ce_time: rest.timestamp,
        ce_subject: "k",
        causationid: "the cause",
        traceparent: cause.traceparent
      })
    }).pipe(Effect.provide(Outbox.layer("headers")))
  )

  it.effect("appending nothing takes no statement and wakes nobody", () =>
    Effect.gen(function* () {
      const outbox = yield* Outbox
      const woken = yield* (yield* Wakeups).subscribe
      yield* outbox.append([])
      assert.strictEqual(yield* PubSub.remaining(woken), 0)
    }).pipe(Effect.provide(Outbox.layer("nothing")))
  )
})
