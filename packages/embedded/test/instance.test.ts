import { spawn } from "node:child_process"
import { once } from "node:events"
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { holderOf, lockDataFolder } from "../src/instance/lock.ts"
import { findInstance, publishRecord } from "../src/instance/record.ts"

const folder = Effect.acquireRelease(
  Effect.promise(() => mkdtemp(join(tmpdir(), "flowforge-lock-"))),
  (path) => Effect.promise(() => rm(path, { recursive: true, force: true }))
)

const record = {
  pid: process.pid,
  publicUrl: "http://127.0.0.1:1",
  managementUrl: "http://127.0.0.1:2",
  postgresUrl: "postgres://127.0.0.1:3/x",
  gatewayUrl: "http://127.0.0.1:4",
  objectsFolder: "/o",
  mailFolder: "/m"
}

/** Root may write anywhere, so the attempt is made as nobody. */
const tryLockWithoutRoot = async (path: string): Promise<string> => {
  const nobody = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {}
  const child = spawn(process.execPath, [join(import.meta.dirname, "try-lock.ts"), path], {
    ...nobody,
    cwd: "/",
    env: {},
    stdio: ["ignore", "pipe", "inherit"]
  })
  return Buffer.concat(await Array.fromAsync<Buffer>(child.stdout)).toString()
}

describe("the data folder", () => {
  it.effect("belongs to one instance at a time, and the second is told how to run beside it", () =>
    Effect.gen(function* () {
      const path = yield* folder
      yield* lockDataFolder(path)
      const error = yield* Effect.flip(lockDataFolder(path))
      assert.include(error.message, `already running on ${path} (process ${process.pid})`)
      assert.include(error.message, "PORT=8081")
    }).pipe(Effect.scoped)
  )

  it.effect("is free again after the instance has stopped", () =>
    Effect.gen(function* () {
      const path = yield* folder
      yield* Effect.scoped(lockDataFolder(path))
      yield* lockDataFolder(path)
    }).pipe(Effect.scoped)
  )

  it.live("is taken over from an instance that was killed", () =>
    Effect.gen(function* () {
      const path = yield* folder
      const killed = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"])
      yield* Effect.promise(async () => {
        await once(killed, "spawn")
        await writeFile(join(path, "instance.lock"), JSON.stringify({ pid: killed.pid }))
        killed.kill("SIGKILL")
        await once(killed, "exit")
      })
      yield* lockDataFolder(path)
    }).pipe(Effect.scoped)
  )

  it.effect("is taken over when another process got the killed one's id", () =>
    Effect.gen(function* () {
      const path = yield* folder
      const text = JSON.stringify({ pid: process.ppid, startedAt: "1" })
      yield* Effect.promise(() => writeFile(join(path, "instance.lock"), text))
      yield* lockDataFolder(path)
      assert.include(yield* Effect.promise(() => readFile(join(path, "instance.lock"), "utf8")), `${process.pid}`)
    }).pipe(Effect.scoped)
  )

  it.live("says what to do when it may not be written", () =>
    Effect.gen(function* () {
      const path = yield* folder
      yield* Effect.promise(() => chmod(path, 0o555))
      const message = yield* Effect.promise(() => tryLockWithoutRoot(join(path, "data")))
      assert.include(message, "cannot be written (EACCES)")
      assert.include(message, "set FLOWFORGE_DATA to another folder")
    }).pipe(Effect.scoped)
  )

  it.effect("says what to do when it cannot be a folder", () =>
    Effect.gen(function* () {
      const file = join(yield* folder, "file")
      yield* Effect.promise(() => writeFile(file, ""))
      const error = yield* Effect.flip(lockDataFolder(join(file, "data")))
      assert.include(error.message, "Set FLOWFORGE_DATA to another folder")
    }).pipe(Effect.scoped)
  )

  it.effect.skipIf(process.platform !== "linux")("says what to do where no folder can be made", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(lockDataFolder("/proc/flowforge/data"))
      assert.include(error.message, "cannot be made")
    }).pipe(Effect.scoped)
  )

  it.effect("makes the folders above it, too", () =>
    Effect.gen(function* () {
      const path = join(yield* folder, "a", "b")
      yield* lockDataFolder(path)
      assert.strictEqual(yield* Effect.promise(() => holderOf(path)), process.pid)
    }).pipe(Effect.scoped)
  )

  it.effect("tells where the running instance is, and who asks without one how to start it", () =>
    Effect.gen(function* () {
      const path = yield* folder
      const error = yield* Effect.flip(findInstance(path))
      assert.include(error.message, 'Start one with "npm start"')
      yield* lockDataFolder(path)
      yield* publishRecord(path, record)
      assert.deepStrictEqual(yield* findInstance(path), record)
    }).pipe(Effect.scoped)
  )
})
