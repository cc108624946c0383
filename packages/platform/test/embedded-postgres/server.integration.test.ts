import { spawn } from "node:child_process"
import { once } from "node:events"
import { existsSync } from "node:fs"
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { PgClient } from "@effect/sql-pg"
import { assert, describe, it } from "@effect/vitest"
import { Effect, type Redacted, Schedule } from "effect"
import { SqlClient } from "effect/sql"
import { startEmbeddedPostgres } from "../../src/embedded-postgres/index.ts"

const folder = Effect.acquireRelease(
  Effect.promise(async () => {
    const path = await mkdtemp(join(tmpdir(), "flowforge-postgres-"))
    await chmod(path, 0o755)
    return path
  }),
  (path) => Effect.promise(() => rm(path, { recursive: true, force: true }))
)

const query = (url: Redacted.Redacted, statement: string) =>
  SqlClient.SqlClient.use((sql) => sql.unsafe<Record<string, unknown>>(statement)).pipe(
    Effect.provide(PgClient.layer({ url, maxConnections: 1 })),
    Effect.scoped
  )

/** Starts a server from another process, kills that process, and answers the server's process id. */
const startAndKillOwner = async (path: string): Promise<number> => {
  const owner = spawn(process.execPath, [join(import.meta.dirname, "owner-to-kill.ts"), path])
  await once(owner.stdout, "data")
  owner.kill("SIGKILL")
  await once(owner, "exit")
  return Number((await readFile(join(path, "cluster", "postmaster.pid"), "utf8")).split("\n")[0])
}

const isAlive = (pid: number): boolean => existsSync(`/proc/${pid}/status`)

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
      const before = server.pid()!
      process.kill(before, "SIGKILL")
      const rows = yield* query(server.url, "SELECT answer FROM kept").pipe(
        Effect.retry(Schedule.spaced("50 millis").pipe(Schedule.upTo({ duration: "15 seconds" })))
      )
      assert.deepStrictEqual(rows, [{ answer: 42 }])
      assert.notStrictEqual(server.pid(), before)
    }).pipe(Effect.scoped)
  )

  it.live("takes over from a server that a killed owner left behind", () =>
    Effect.gen(function* () {
      const path = yield* folder
      const before = yield* startEmbeddedPostgres({ folder: path }).pipe(
        Effect.flatMap((server) => query(server.url, "CREATE TABLE kept AS SELECT 42 AS answer")),
        Effect.scoped,
        Effect.andThen(Effect.promise(() => startAndKillOwner(path)))
      )
      assert.isTrue(isAlive(before), "the orphan goes on by itself")
      const next = yield* startEmbeddedPostgres({ folder: path })
      assert.deepStrictEqual(yield* query(next.url, "SELECT answer FROM kept"), [{ answer: 42 }])
      assert.isFalse(isAlive(before), "the orphan is gone")
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
})
