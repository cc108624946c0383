import { assert, layer } from "@effect/vitest"
import { Broker, OutboxRelay, Singleton, Wakeups } from "@flowforge/messaging"
import { layer as layerMemory, MemoryBroker } from "@flowforge/messaging/memory"
import { layerTestDatabase } from "@flowforge/testkit"
import { type Context, Effect, Fiber, Layer, Metric } from "effect"
import { SqlClient } from "effect/sql"

import { BEGINNING, readAfter } from "../../src/relay/rows.ts"
import { eventually } from "../eventually.ts"
import { note, textOf } from "../messages.ts"
import { layerPool } from "../pool.ts"
import { appendAndHold, appendTo } from "../appending.ts"

const subscriptions = [{ group: "readers", topics: ["note.taken"] }]

type Memory = Context.Context<Broker | MemoryBroker>

/** A broker of its own for a test. */
const makeMemory = Layer.build(layerMemory)

/** A relay of the source at work until the scope closes. */
const relay = (source: string, memory: Memory, batch = 1_000) =>
  Layer.build(
    OutboxRelay.layer({ source, subscriptions, batch }).pipe(
      Layer.provide(Singleton.layer(`relay ${source}`)),
      Layer.provide(Layer.succeedContext(memory))
    )
  )

const has = <A>(memory: Memory, happen: (broker: MemoryBroker["Service"]) => Effect.Effect<A>) =>
  MemoryBroker.use(happen).pipe(Effect.provide(memory))
const recordsOf = (memory: Memory) => has(memory, ({ records }) => Effect.sync(() => records("note.taken")))
const hasTaken = (memory: Memory, ...texts: ReadonlyArray<string>) =>
  eventually(
    Effect.map(recordsOf(memory), (records) => records.map(textOf)),
    (taken) => taken.join() === texts.join()
  )

const cursorOf = (source: string) =>
  SqlClient.SqlClient.use((sql) =>
    sql.unsafe<{ id: string; cluster_id: string | null }>(
      `SELECT id::text AS id, cluster_id FROM relay_cursors WHERE source = $1`,
      [source]
    )
  ).pipe(Effect.map((rows) => rows[0]))

const isPublishedUpToLast = (source: string) =>
  SqlClient.SqlClient.use((sql) =>
    sql.unsafe<{ so: boolean }>(
      `SELECT (SELECT max(id) FROM outbox WHERE source = $1) = id AS so FROM relay_cursors WHERE source = $1`,
      [source]
    )
  ).pipe(Effect.map((rows) => rows[0]?.so === true))

const layerAll = Layer.mergeAll(layerTestDatabase, Wakeups.layer)

layer(layerAll, { excludeTestServices: true })("OutboxRelay", (it) => {
  it.effect("publishes what was committed, in order, with its bytes, key and headers", () =>
    Effect.gen(function* () {
      const memory = yield* makeMemory
      const message = note("k", "one")
      yield* appendTo("plain", message, note("k", "two"))
      yield* relay("plain", memory)
      yield* appendTo("plain", note("k", "three"))
      yield* hasTaken(memory, "one", "two", "three")
      const { headers, key, partition, value } = (yield* recordsOf(memory))[0]!
      assert.deepStrictEqual(
        { headers, key, partition, value: Buffer.from(value!) },
        {
          headers: { ce_source: "/flowforge/plain", ...message.headers },
          key: message.key,
          partition: message.partition,
          value: Buffer.from(message.value)
        }
      )
    })
  )

  it.effect("waits for an older transaction that is still open, and loses nothing of it", () =>
    Effect.gen(function* () {
      const memory = yield* makeMemory
      yield* relay("late", memory)
      const older = yield* appendAndHold("late", note("k", "began first"))
      yield* appendTo("late", note("k", "committed first"))
      assert.deepStrictEqual(yield* readAfter("late", BEGINNING, 10), { rows: [], hides: true })
      yield* older.commit
      yield* hasTaken(memory, "began first", "committed first")
    })
  )

  it.effect("publishes again what it published before it could move its cursor", () =>
    Effect.gen(function* () {
      const memory = yield* makeMemory
      for (const taken of [2, 1]) yield* has(memory, ({ cutOff }) => cutOff(taken))
      yield* appendTo("again", note("k", "a"), note("k", "b"), note("k", "c"))
      yield* relay("again", memory)
      yield* hasTaken(memory, "a", "b", "a", "a", "b", "c")
      yield* eventually(isPublishedUpToLast("again"), (so) => so)
    })
  )

  it.effect("that stops has stored how far it published, so the next one publishes nothing again", () =>
    Effect.gen(function* () {
      const memory = yield* makeMemory
      yield* appendTo("stops", ...["a", "b", "c", "d", "e"].map((text) => note("k", text)))
      const published = Effect.map(Metric.snapshot, (metrics) =>
        metrics.find(
          ({ id, attributes }) => id === "flowforge_outbox_published_total" && attributes?.["source"] === "stops"
        )
      )
      // The look that would take the cursor along comes 50 ms later: yielding does not last that long.
      yield* Effect.gen(function* () {
        yield* relay("stops", memory, 2)
        while (((yield* published)?.state as { count: number } | undefined)?.count !== 5) yield* Effect.yieldNow
      }).pipe(Effect.scoped)
      assert.isTrue(yield* isPublishedUpToLast("stops"))
      yield* relay("stops", memory, 2)
      yield* appendTo("stops", note("k", "f"))
      yield* hasTaken(memory, "a", "b", "c", "d", "e", "f")
    })
  )

  it.effect("holds on while the broker is away, and goes on where it was", () =>
    Effect.gen(function* () {
      const memory = yield* makeMemory
      yield* has(memory, ({ setAvailable }) => setAvailable(false))
      yield* relay("away", memory)
      yield* appendTo("away", note("k", "a"))
      yield* eventually(cursorOf("away"), (cursor) => cursor !== undefined)
      yield* has(memory, ({ setAvailable }) => setAvailable(true))
      yield* hasTaken(memory, "a")
    })
  )

  it.effect("quarantines a message that is refused for good, once, and publishes the rest in order", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const memory = yield* makeMemory
      yield* has(memory, ({ refuse }) => refuse((message) => textOf(message) === "poison"))
      yield* appendTo("poison", ...["a", "b", "poison", "c", "d"].map((text) => note("k", text)))
      yield* relay("poison", memory)
      yield* hasTaken(memory, "a", "b", "c", "d")
      const kept = sql.unsafe<{ key: string; error: string; value: Uint8Array }>(
        `SELECT key, error, value FROM quarantined_messages WHERE source = 'poison'`
      )
      const rows = yield* eventually(kept, (rows) => rows.length > 0)
      assert.strictEqual(rows.length, 1)
      assert.strictEqual(rows[0]!.error, "a message is refused")
      assert.strictEqual(textOf(rows[0]!), "poison")
    })
  )

  it.effect("of two relays one publishes, and the other goes on when the first is gone", () =>
    Effect.gen(function* () {
      const memory = yield* makeMemory
      const first = yield* Effect.forkScoped(Effect.scoped(Effect.andThen(relay("twice", memory), Effect.never)))
      yield* relay("twice", memory)
      yield* appendTo("twice", note("k", "a"), note("k", "b"))
      yield* hasTaken(memory, "a", "b")
      yield* Fiber.interrupt(first)
      yield* appendTo("twice", note("k", "c"))
      yield* hasTaken(memory, "a", "b", "c")
    })
  )

  it.effect("goes on after all of its sessions were killed", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const memory = yield* makeMemory
      yield* relay("killed", memory).pipe(Effect.provide(yield* Layer.build(layerPool("relay to be killed"))))
      yield* appendTo("killed", note("k", "before"))
      yield* hasTaken(memory, "before")
      yield* eventually(isPublishedUpToLast("killed"), (so) => so)
      const killed = yield* sql.unsafe(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
          WHERE datname = current_database() AND application_name = 'relay to be killed'`
      )
      assert.isAtLeast(killed.length, 2)
      yield* appendTo("killed", note("k", "after"))
      yield* hasTaken(memory, "before", "after")
    })
  )

  it.effect("publishes many batches without a pause, each row once", () =>
    Effect.gen(function* () {
      const memory = yield* makeMemory
      const texts = Array.from({ length: 25 }, (_, index) => String(index))
      yield* appendTo("many", ...texts.map((text) => note("k", text)))
      yield* relay("many", memory, 4)
      yield* hasTaken(memory, ...texts)
    })
  )

  it.effect("after a wipe publishes again, before newer rows, what a subscribed group has not handled", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const memory = yield* makeMemory
      const [handled, lacking] = [note("k", "handled"), note("k", "lacking")]
      yield* appendTo("wiped", handled, lacking)
      yield* Effect.scoped(
        Effect.andThen(
          relay("wiped", memory),
          eventually(isPublishedUpToLast("wiped"), (so) => so)
        )
      )
      yield* sql.unsafe(
        `INSERT INTO processed_events (consumer_group, event_id, outcome) VALUES ('readers', $1, 'done')`,
        [handled.eventId]
      )
      yield* has(memory, ({ wipe }) => wipe)
      yield* appendTo("wiped", note("k", "newer"))
      yield* Effect.scoped(Effect.andThen(relay("wiped", memory), hasTaken(memory, "lacking", "newer")))
      const clusterId = yield* Broker.use((broker) => broker.clusterId).pipe(Effect.provide(memory))
      assert.strictEqual((yield* cursorOf("wiped"))?.cluster_id, clusterId)
      // Once for each cluster: the next start publishes nothing again.
      yield* appendTo("wiped", note("k", "newest"))
      yield* Effect.scoped(Effect.andThen(relay("wiped", memory), hasTaken(memory, "lacking", "newer", "newest")))
    })
  )
})
