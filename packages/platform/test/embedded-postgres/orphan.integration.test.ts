import { spawn } from "node:child_process"
import { once } from "node:events"
import { existsSync } from "node:fs"
import { mkdir, readFile, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Redacted, Schedule } from "effect"
import { startEmbeddedPostgres, stopOrphan } from "../../src/embedded-postgres/index.ts"
import { ownerForPostgres } from "../../src/embedded-postgres/owner.ts"
import { busyBackend, folder, isAlive, query } from "./server.ts"

const lockIn = (path: string) => join(path, "cluster", "postmaster.pid")

/** Starts a server from another process, and kills that process: the server goes on by itself. */
const orphanOn = (path: string) =>
  Effect.promise(async () => {
    const owner = spawn(process.execPath, [join(import.meta.dirname, "owner-to-kill.ts"), path])
    const [url] = await once(owner.stdout, "data")
    owner.kill("SIGKILL")
    await once(owner, "exit")
    return { url: Redacted.make(String(url)), pid: Number((await readFile(lockIn(path), "utf8")).split("\n")[0]) }
  })

/** Runs a shell as the server's user: PostgreSQL takes only processes of its own user for servers. */
const asServersUser = (script: string) =>
  Effect.gen(function* () {
    const owner = yield* ownerForPostgres
    const shell = yield* Effect.acquireRelease(
      Effect.sync(() => spawn("sh", ["-c", script], { ...owner, cwd: "/", stdio: ["ignore", "pipe", "inherit"] })),
      (shell) => Effect.sync(() => shell.kill("SIGKILL"))
    )
    const [said] = yield* Effect.promise(() => once(shell.stdout, "data"))
    return Number(String(said))
  })

/** A cluster that was stopped well, and a lock file in it that names this process. */
const lockedBy = (pid: number) =>
  Effect.gen(function* () {
    const path = yield* folder
    yield* Effect.scoped(startEmbeddedPostgres({ folder: path }))
    yield* Effect.promise(() =>
      writeFile(lockIn(path), `${pid}\n${join(path, "cluster")}\n1700000000\n5432\n\n127.0.0.1\n 1 1\nready\n`)
    )
    return path
  })

describe("what a killed owner leaves behind", () => {
  it.live("is a server that is stopped before the next one starts", () =>
    Effect.gen(function* () {
      const path = yield* folder
      const orphan = yield* orphanOn(path)
      yield* query(orphan.url, "CREATE TABLE kept AS SELECT 42 AS answer")
      assert.isTrue(yield* Effect.promise(() => isAlive(orphan.pid)), "the orphan goes on by itself")
      const next = yield* startEmbeddedPostgres({ folder: path })
      assert.deepStrictEqual(yield* query(next.url, "SELECT answer FROM kept"), [{ answer: 42 }])
      assert.isFalse(yield* Effect.promise(() => isAlive(orphan.pid)), "the orphan is gone")
    }).pipe(Effect.scoped)
  )

  it.live("is ended to its last process when the server itself was killed too", () =>
    Effect.gen(function* () {
      const path = yield* folder
      const orphan = yield* orphanOn(path)
      yield* query(orphan.url, "CREATE TABLE kept AS SELECT 42 AS answer")
      const busy = yield* busyBackend(orphan.url)
      process.kill(orphan.pid, "SIGKILL")
      const next = yield* startEmbeddedPostgres({ folder: path })
      assert.deepStrictEqual(yield* query(next.url, "SELECT answer FROM kept"), [{ answer: 42 }])
      assert.isFalse(yield* Effect.promise(() => isAlive(busy)), "the busy one is gone")
    }).pipe(Effect.scoped)
  )

  it.live("does not stop a start when another program has got the killed server's id", () =>
    Effect.gen(function* () {
      const other = yield* asServersUser("echo $$; exec sleep 600")
      yield* startEmbeddedPostgres({ folder: yield* lockedBy(other) })
      assert.isTrue(yield* Effect.promise(() => isAlive(other)), "which is left alone")
    }).pipe(Effect.scoped)
  )

  it.live("does not stop a start when nobody has reaped the killed server yet", () =>
    Effect.gen(function* () {
      // The shell becomes a program that waits for no child.
      const zombie = yield* asServersUser("sleep 0.1 & echo $!; exec sleep 600")
      yield* Effect.promise(() => isAlive(zombie)).pipe(
        Effect.repeat({ while: (alive) => alive, schedule: Schedule.spaced("10 millis") })
      )
      assert.isTrue(existsSync(`/proc/${zombie}`), "and not reaped")
      yield* startEmbeddedPostgres({ folder: yield* lockedBy(zombie) })
    }).pipe(Effect.scoped)
  )

  it.live("is not somebody who looks around in the cluster's folder", () =>
    Effect.gen(function* () {
      const path = yield* folder
      const cluster = join(path, "cluster")
      yield* Effect.promise(() => mkdir(cluster, { mode: 0o755 }))
      const visitor = yield* asServersUser(`cd ${cluster} && echo $$ && exec sleep 600`)
      yield* stopOrphan(path)
      assert.isTrue(yield* Effect.promise(() => isAlive(visitor)))
    }).pipe(Effect.scoped)
  )
})
