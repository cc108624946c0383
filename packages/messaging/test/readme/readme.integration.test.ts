import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { assert, layer } from "@effect/vitest"
import { type Broker, message, Outbox, type Topic, Wakeups } from "@flowforge/messaging"
import { layer as layerBroker } from "@flowforge/messaging/postgres"
import { layerTestDatabase } from "@flowforge/testkit"
import { Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { v7 } from "uuid"
import { eventually } from "../eventually.ts"

interface Block {
  readonly greeted: Topic.Any
  readonly layer: Layer.Layer<never, never, Broker | SqlClient.SqlClient>
}

/** The block of the README under this heading, as a module. It is written beside this test, so that its imports are found. */
const blockUnder = Effect.fnUntraced(function* (heading: string) {
  const readme = yield* Effect.promise(() => readFile(join(import.meta.dirname, "../../README.md"), "utf8"))
  const code = /```ts\n(.*?)```/su.exec(readme.slice(readme.indexOf(`## ${heading}\n`)))?.[1]
  assert.isDefined(code)
  const folder = yield* Effect.acquireRelease(
    Effect.promise(() => mkdtemp(join(import.meta.dirname, ".block-"))),
    (folder) => Effect.promise(() => rm(folder, { recursive: true }))
  )
  const file = join(folder, "block.ts")
  yield* Effect.promise(() => writeFile(file, code!))
  const module = yield* Effect.promise(() => import(/* @vite-ignore */ file) as Promise<Block>)
  return { module, lines: code!.trimEnd().split("\n") }
})

const layerOutside = Layer.merge(Outbox.layer("door"), layerBroker).pipe(
  Layer.provideMerge(Layer.merge(layerTestDatabase, Wakeups.layer))
)

layer(layerOutside, { excludeTestServices: true })("The README", (it) => {
  it.effect("shows a consumer that works, each event once, in about twenty lines", () =>
    Effect.gen(function* () {
      const { module, lines } = yield* blockUnder("Write a consumer in twenty lines")
      const sql = yield* SqlClient.SqlClient
      const outbox = yield* Outbox
      yield* sql`CREATE TABLE guests (name text NOT NULL)`
      yield* Layer.build(module.layer)
      const greeting = (guest: string) =>
        message(module.greeted, {
          event_id: v7(),
          event_type: "guest.greeted",
          timestamp: "2026-01-01T00:00:00.000Z",
          guest
        })
      const twice = greeting("Ada")
      yield* outbox.append([twice, greeting("Grace"), twice])
      yield* outbox.append([twice, greeting("Last")])
      const guests = yield* eventually(sql<{ name: string }>`SELECT name FROM guests ORDER BY name`, (rows) =>
        rows.some(({ name }) => name === "Last")
      )
      assert.deepStrictEqual(
        guests.map(({ name }) => name).filter((name) => name !== "Grace"),
        ["Ada", "Last"]
      )
      // Imports and empty lines are not what is written by hand.
      const written = lines.filter((line) => line.trim() !== "" && !line.startsWith("import"))
      assert.isAtMost(written.length, 20)
    })
  )
})
