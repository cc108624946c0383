import { execFile } from "node:child_process"
import { mkdir, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"
import type { LedgerEntry } from "@flowforge/contracts"
import { Effect, Option, Stream } from "effect"
import { SqlClient } from "effect/sql"
import { contextOfInstance } from "../../src/audit/index.ts"
import type { InstanceRecord } from "../../src/index.ts"
import { gatewayWith, temporaryFolder } from "./records.ts"

const contextOf = (record: Partial<InstanceRecord>) =>
  contextOfInstance({
    pid: 1,
    publicUrl: "",
    managementUrl: "",
    postgresUrl: "",
    gatewayUrl: "http://127.0.0.1:1",
    objectsFolder: "/nowhere",
    mailFolder: "/nowhere",
    ...record
  }).pipe(Effect.provideService(SqlClient.SqlClient, undefined as never))

describe("the records of a running system", () => {
  it.live("are the gateway's ledger, all of its pages", () =>
    Effect.gen(function* () {
      const entries = Array.from({ length: 2_500 }, (_, index) => ({
        sequence: index + 1,
        at: "2026-11-23T08:00:00Z",
        kind: "captured",
        idempotency_key: `capture:${index}`,
        amount: 1250
      }))
      const { ledger } = yield* contextOf({ gatewayUrl: yield* gatewayWith(entries) })
      const read: ReadonlyArray<LedgerEntry> = yield* Stream.runCollect(ledger)
      assert.deepStrictEqual(
        read.map(({ sequence }) => sequence),
        entries.map(({ sequence }) => sequence)
      )
    }).pipe(Effect.scoped)
  )

  it.live("are not read in silence when the gateway is away", () =>
    Effect.gen(function* () {
      const { ledger } = yield* contextOf({})
      const error = yield* Effect.flip(Stream.runCollect(ledger))
      assert.match(error.message, /^The gateway's ledger cannot be read/u)
    })
  )

  it.live("are the messages whose files carry a notification's id, in whatever folder below", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      const id = "0193f2a0-0000-7000-a000-00000000000a"
      yield* Effect.promise(async () => {
        await mkdir(join(folder, "sms"))
        await writeFile(join(folder, `${id}.json`), "{}")
        await writeFile(join(folder, "sms", `1-${id}.json`), "{}")
        await writeFile(join(folder, "README"), "")
      })
      const { messages } = yield* contextOf({ mailFolder: folder })
      assert.deepStrictEqual(yield* Stream.runCollect(messages!), [{ id }, { id }])
      const none = yield* contextOf({ mailFolder: join(folder, "not-there-yet") })
      assert.deepStrictEqual(yield* Stream.runCollect(none.messages!), [])
    }).pipe(Effect.scoped)
  )

  it.live("are the stored objects, or none under that key", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      yield* Effect.promise(() => writeFile(join(folder, "a.html"), "a"))
      const { objects } = yield* contextOf({ objectsFolder: folder })
      assert.deepStrictEqual(Option.map(yield* objects!.get("a.html"), String), Option.some("a"))
      assert.isTrue(Option.isNone(yield* objects!.get("b.html")))
    }).pipe(Effect.scoped)
  )
})

describe("npm run audit", () => {
  it.live("says what to do when nothing runs, and ends with 2", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      const main = fileURLToPath(new URL("../../src/audit/main.ts", import.meta.url))
      const { code, stderr } = yield* Effect.promise(
        () =>
          new Promise<{ code: unknown; stderr: string }>((ended) =>
            execFile(process.execPath, [main], { env: { FLOWFORGE_DATA: folder } }, (error, _, stderr) =>
              ended({ code: error?.code, stderr })
            )
          )
      )
      assert.strictEqual(code, 2)
      assert.match(stderr, /No FlowForge is running on .*npm start/u)
    }).pipe(Effect.scoped)
  )
})
