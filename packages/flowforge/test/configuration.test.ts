import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Effect, Exit } from "effect"
import { explain } from "../src/explain.ts"
import { processes } from "../src/processes/index.ts"

/** What a process says in this environment instead of starting, line by line. */
const startIn = (name: string, environment: Readonly<Record<string, string>>) =>
  processes[name]!.run.pipe(
    Effect.scoped,
    Effect.provide(ConfigProvider.layer(ConfigProvider.fromEnv({ env: environment }))),
    Effect.exit,
    Effect.map((exit) => (Exit.isFailure(exit) ? explain(exit.cause).split("\n") : ["it ended"]))
  )

const folder = Effect.acquireRelease(
  Effect.promise(() => mkdtemp(join(tmpdir(), "flowforge-configuration-"))),
  (path) => Effect.promise(() => rm(path, { recursive: true, force: true }))
)

const DATABASE = { DATABASE_URL: "postgres://flowforge:hush@127.0.0.1:1/none" }
const RECEIPTS = {
  FLOWFORGE_OBJECTS: "folder",
  FLOWFORGE_MAIL: "folder",
  FLOWFORGE_DATA: "/nowhere",
  OBJECTS_SIGNING_KEY: "hush"
}

describe("a process whose configuration cannot work", () => {
  it.live("names all that is missing at once", () =>
    Effect.gen(function* () {
      const said = yield* startIn("notification", {})
      for (const name of [
        "DATABASE_URL (or DATABASE_URL_FILE)",
        "FLOWFORGE_BROKER",
        "FLOWFORGE_OBJECTS",
        "FLOWFORGE_MAIL"
      ]) {
        assert.isTrue(
          said.some((line) => line.startsWith(`${name} is missing: `)),
          `${name} in ${said.join("; ")}`
        )
      }
      assert.lengthOf(said, 4)
    })
  )

  it.live("names every wrong value, its services' own and those of the telemetry among them", () =>
    Effect.gen(function* () {
      const said = yield* startIn("api", {
        ...DATABASE,
        ...RECEIPTS,
        PORT: "70000",
        DATABASE_CONNECTIONS: "2",
        SHUTDOWN_TIMEOUT: "soon",
        REDIS_URL: "redis:hush",
        LOG_LEVEL: "Loud",
        ORDER_INTAKE_QUEUE: "many",
        ORDER_OPEN_AGE: "old",
        INVENTORY_AVAILABILITY_TTL: "never"
      })
      assert.deepStrictEqual(
        said.map((line) => line.split(" ", 3).join(" ")),
        [
          "DATABASE_CONNECTIONS is wrong:",
          "LOG_LEVEL is wrong:",
          "SHUTDOWN_TIMEOUT is wrong:",
          "PORT is wrong:",
          "REDIS_URL is wrong:",
          "ORDER_INTAKE_QUEUE is wrong:",
          "ORDER_OPEN_AGE is wrong:",
          "INVENTORY_AVAILABILITY_TTL is wrong:"
        ]
      )
    })
  )

  it.live("refuses a number or a time that no service could work with", () =>
    Effect.gen(function* () {
      const said = yield* startIn("api", {
        ...DATABASE,
        ...RECEIPTS,
        FLOWFORGE_BROKER: "postgres",
        ORDER_INTAKE_BATCH: "0",
        ORDER_OPEN_AGE: "Infinity",
        ORDER_LATE_ORDERS: "-2",
        ORDER_LATE_AGE: "-1 seconds"
      })
      assert.deepStrictEqual(said, [
        "ORDER_INTAKE_BATCH is wrong: it must be a whole number from 1",
        'ORDER_OPEN_AGE is wrong: it must be a time such as "250 millis" or "5 seconds"',
        "ORDER_LATE_ORDERS is wrong: it must be a whole number from 1",
        'ORDER_LATE_AGE is wrong: it must be a time such as "250 millis" or "5 seconds"'
      ])
    })
  )

  it.live("never tells what a secret holds", () =>
    Effect.gen(function* () {
      const [line, ...more] = yield* startIn("migrate", { DATABASE_URL: "mysql://flowforge:hush@host/database" })
      assert.strictEqual(line, "DATABASE_URL is wrong: it must be a URL such as postgres://user@host:5432/database")
      assert.deepStrictEqual(more, [])
    })
  )

  it.live("takes what is set to nothing as not set", () =>
    Effect.gen(function* () {
      const [line] = yield* startIn("migrate", { DATABASE_URL: "" })
      assert.match(line!, /^DATABASE_URL \(or DATABASE_URL_FILE\) is missing/u)
    })
  )

  it.live("dies at no crash point that does not exist, and at none where it is in production", () =>
    Effect.gen(function* () {
      const here = { ...DATABASE, FLOWFORGE_BROKER: "postgres" }
      assert.deepStrictEqual(yield* startIn("inventory", { ...here, FLOWFORGE_CRASH_AT: "everywhere" }), [
        "FLOWFORGE_CRASH_AT is wrong: it must be the name of a crash point"
      ])
      assert.deepStrictEqual(
        yield* startIn("inventory", { ...here, FLOWFORGE_CRASH_AT: "consumer.handled", NODE_ENV: "production" }),
        ["FLOWFORGE_CRASH_AT is for tests: NODE_ENV is production here"]
      )
    })
  )

  it.live("refuses two things on one port", () =>
    Effect.gen(function* () {
      const said = yield* startIn("api", { ...DATABASE, ...RECEIPTS, PORT: "9090" })
      assert.deepStrictEqual(said, ["PORT and MANAGEMENT_PORT are both 9090: set another one of them"])
    })
  )

  it.live("reads a secret from the file it names, or says why it cannot", () =>
    Effect.gen(function* () {
      const path = yield* folder
      const [given, empty, none] = [join(path, "given"), join(path, "empty"), join(path, "none")]
      yield* Effect.promise(() => writeFile(given, "mysql://flowforge:hush@host/database\n"))
      yield* Effect.promise(() => writeFile(empty, "\n"))
      const fromFile = (file: string, more = {}) => startIn("migrate", { DATABASE_URL_FILE: file, ...more })
      assert.match((yield* fromFile(given))[0]!, /^DATABASE_URL is wrong: /u, "it was read")
      assert.deepStrictEqual(yield* fromFile(empty), [`DATABASE_URL_FILE names ${empty}, which is empty`])
      assert.deepStrictEqual(yield* fromFile(none), [`DATABASE_URL_FILE names ${none}, which cannot be read (ENOENT)`])
      assert.deepStrictEqual(yield* fromFile(given, DATABASE), [
        "DATABASE_URL and DATABASE_URL_FILE are both set: give one of them"
      ])
    }).pipe(Effect.scoped)
  )
})
