import { execFile } from "node:child_process"
import { once } from "node:events"
import { writeFile } from "node:fs/promises"
import { type AddressInfo, createServer } from "node:net"
import { join } from "node:path"
import { promisify } from "node:util"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Schedule } from "effect"
import { freePort } from "../../src/child-process/index.ts"
import { startEmbeddedPostgres } from "../../src/embedded-postgres/index.ts"
import { busyBackend, folder, query } from "./server.ts"

const run = promisify(execFile)

describe("the embedded PostgreSQL", () => {
  it.live("keeps its data from one start to the next", () =>
    Effect.gen(function* () {
      const path = yield* folder
      yield* Effect.scoped(
        Effect.gen(function* () {
          const server = yield* startEmbeddedPostgres({ folder: path })
          yield* query(server.url, "CREATE TABLE kept AS SELECT 42 AS answer")
        })
      )
      const again = yield* startEmbeddedPostgres({ folder: path })
      assert.deepStrictEqual(yield* query(again.url, "SELECT answer FROM kept"), [{ answer: 42 }])
    }).pipe(Effect.scoped)
  )

  it.live("is started again, on the same address, when it is killed", () =>
    Effect.gen(function* () {
      const server = yield* startEmbeddedPostgres({ folder: yield* folder })
      yield* query(server.url, "CREATE TABLE kept AS SELECT 42 AS answer")
      yield* busyBackend(server.url)
      const before = server.pid()!
      process.kill(before, "SIGKILL")
      const rows = yield* query(server.url, "SELECT answer FROM kept").pipe(
        Effect.retry(Schedule.spaced("50 millis").pipe(Schedule.upTo({ duration: "15 seconds" })))
      )
      assert.deepStrictEqual(rows, [{ answer: 42 }])
      assert.notStrictEqual(server.pid(), before)
    }).pipe(Effect.scoped)
  )

  it.live("says what to do when the folder cannot be made", () =>
    Effect.gen(function* () {
      const file = join(yield* folder, "a-file")
      yield* Effect.promise(() => writeFile(file, ""))
      const error = yield* Effect.flip(startEmbeddedPostgres({ folder: join(file, "data") }))
      assert.include(error.message, "Set FLOWFORGE_DATA")
    }).pipe(Effect.scoped)
  )

  it.live("takes another port when somebody was faster", () =>
    Effect.gen(function* () {
      const somebody = yield* Effect.acquireRelease(
        Effect.sync(() => createServer().listen(0, "127.0.0.1")),
        (server) => Effect.sync(() => server.close())
      )
      yield* Effect.promise(() => once(somebody, "listening"))
      const taken = (somebody.address() as AddressInfo).port
      const ports = [taken, yield* Effect.promise(freePort)]
      const server = yield* startEmbeddedPostgres({ folder: yield* folder, choosePort: async () => ports.shift()! })
      assert.deepStrictEqual(yield* query(server.url, "SELECT 42 AS answer"), [{ answer: 42 }])
    }).pipe(Effect.scoped)
  )

  it.live(
    "loses nothing that was committed when the machine loses its power: fsync and synchronous commit are on",
    () =>
      Effect.gen(function* () {
        const server = yield* startEmbeddedPostgres({ folder: yield* folder })
        const settings = yield* query(
          server.url,
          `SELECT name, setting FROM pg_settings
         WHERE name IN ('fsync', 'full_page_writes', 'synchronous_commit') ORDER BY name`
        )
        assert.deepStrictEqual(settings, [
          { name: "fsync", setting: "on" },
          { name: "full_page_writes", setting: "on" },
          { name: "synchronous_commit", setting: "on" }
        ])
      }).pipe(Effect.scoped)
  )

  // Only root may mount a disk that is small enough.
  it.live.skipIf(process.platform !== "linux" || process.getuid?.() !== 0)(
    "says what to do when the disk is full",
    () =>
      Effect.gen(function* () {
        const disk = yield* folder
        yield* Effect.acquireRelease(
          Effect.promise(() => run("mount", ["-t", "tmpfs", "-o", "size=20m,mode=755", "tmpfs", disk])),
          () => Effect.promise(() => run("umount", [disk]))
        )
        const error = yield* Effect.flip(startEmbeddedPostgres({ folder: join(disk, "data") }))
        assert.include(error.message, "the disk is full. Free some space")
      }).pipe(Effect.scoped)
  )
})
