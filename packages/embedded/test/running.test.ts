import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { rm, stat, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { lockDataFolder } from "../src/instance/lock.ts"
import { publishRecord } from "../src/instance/record.ts"
import { findSystem } from "../src/running/find.ts"
import { forgetSystem, recordSystem, systemRecordOf } from "../src/running/record.ts"
import type { RunningSystem } from "../src/running/system.ts"
import { temporaryFolder } from "./audit/records.ts"

/** A management port that answers as the process of this name. */
const managementOf = (name: string) =>
  Effect.map(
    Effect.acquireRelease(
      Effect.promise(async () => {
        const server = createServer((_, response) => response.end(JSON.stringify({ name })))
        await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening))
        return server
      }),
      (server) => Effect.sync(() => server.close())
    ),
    (server) => `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  )

const systemAt = (managementUrl: string): RunningSystem => ({
  publicUrl: "http://localhost:8080",
  managementUrl,
  postgresUrl: "postgres://localhost/flowforge",
  gatewayUrl: "http://localhost:8070",
  receipts: {
    kind: "s3",
    endpoint: "http://localhost:8050",
    region: "eu-west-1",
    bucket: "receipts",
    accessKeyId: "flowforge",
    secretAccessKey: "secret"
  },
  messages: { kind: "moto", url: "http://localhost:8060" }
})

/** A folder on which separate processes run, as `npm run up` leaves it. */
const withProcesses = Effect.gen(function* () {
  const folder = yield* temporaryFolder
  const system = systemAt(yield* managementOf("flowforge api"))
  yield* Effect.promise(() => recordSystem(folder, system))
  return { folder, system }
})

/** A folder on which an embedded one runs. */
const withInstance = Effect.gen(function* () {
  const folder = yield* temporaryFolder
  yield* lockDataFolder(folder)
  const urls = { publicUrl: "p", managementUrl: "m", postgresUrl: "d", gatewayUrl: "g" }
  yield* publishRecord(folder, { pid: process.pid, ...urls, objectsFolder: "/o", mailFolder: "/m" })
  const parts = {
    receipts: { kind: "folder", folder: "/o" },
    messages: { kind: "folder", folder: "/m" }
  } as const
  return { folder, system: { ...urls, ...parts } }
})

describe("the running system", () => {
  it.live("is an embedded one, or separate processes that answer, whichever there is", () =>
    Effect.gen(function* () {
      const none = yield* temporaryFolder
      const [instance, processes] = [yield* withInstance, yield* withProcesses]
      assert.deepStrictEqual(yield* findSystem([none, instance.folder]), instance)
      assert.deepStrictEqual(yield* findSystem([none, processes.folder]), processes)
      assert.strictEqual((yield* Effect.promise(() => stat(systemRecordOf(processes.folder)))).mode & 0o777, 0o600)
    }).pipe(Effect.scoped)
  )

  it.live("is not guessed at where two run: both are named", () =>
    Effect.gen(function* () {
      const [instance, processes] = [yield* withInstance, yield* withProcesses]
      const error = yield* Effect.flip(findSystem([instance.folder, processes.folder]))
      assert.strictEqual(error._tag, "SystemUnclear")
      for (const { folder } of [instance, processes]) assert.include(error.message, `FLOWFORGE_DATA=${folder}`)
    }).pipe(Effect.scoped)
  )

  it.live("is none where nobody left word, or took it back: it is said how to start one", () =>
    Effect.gen(function* () {
      const { folder } = yield* withProcesses
      yield* Effect.promise(() => forgetSystem(folder))
      const error = yield* Effect.flip(findSystem([folder]))
      assert.strictEqual(error._tag, "NoSystem")
      assert.match(error.message, /npm start.*npm run up/u)
    }).pipe(Effect.scoped)
  )

  it.live("is not one that has gone silent, nor another that answers in its place", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      for (const url of ["http://127.0.0.1:1", yield* managementOf("flowforge")]) {
        yield* Effect.promise(() => recordSystem(folder, systemAt(url)))
        const error = yield* Effect.flip(findSystem([folder]))
        assert.strictEqual(error._tag, "SystemUnclear")
        assert.match(error.message, /does not answer on .*docker compose ps.*npm run down/u)
      }
      const instance = yield* withInstance
      assert.deepStrictEqual(yield* findSystem([folder, instance.folder]), instance, "nobody needs the silent one")
    }).pipe(Effect.scoped)
  )

  it.live("is not read from a file that says something else: the file is named", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      yield* Effect.promise(() => writeFile(systemRecordOf(folder), `{ "publicUrl": 1 }`))
      const error = yield* Effect.flip(findSystem([folder]))
      assert.strictEqual(error._tag, "SystemRecordUnreadable")
      assert.include(error.message, join(folder, "system.json"))
      yield* Effect.promise(() => rm(systemRecordOf(folder)))
    }).pipe(Effect.scoped)
  )
})
