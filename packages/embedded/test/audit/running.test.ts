import { execFile } from "node:child_process"
import { mkdir, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"
import type { LedgerEntry } from "@flowforge/contracts"
import { Effect, Option, Stream } from "effect"
import { SqlClient } from "effect/sql"
import { optionsFrom } from "../../src/audit/arguments.ts"
import { contextOf } from "../../src/audit/index.ts"
import type { RunningSystem } from "../../src/index.ts"
import { gatewayWith, temporaryFolder } from "./records.ts"

const contextWith = (parts: Partial<RunningSystem>) =>
  contextOf({
    publicUrl: "",
    managementUrl: "",
    postgresUrl: "",
    gatewayUrl: "http://127.0.0.1:1",
    receipts: { kind: "folder", folder: "/nowhere" },
    messages: { kind: "folder", folder: "/nowhere" },
    ...parts
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
      const { ledger } = yield* contextWith({ gatewayUrl: yield* gatewayWith(entries) })
      const read: ReadonlyArray<LedgerEntry> = yield* Stream.runCollect(ledger)
      assert.deepStrictEqual(
        read.map(({ sequence }) => sequence),
        entries.map(({ sequence }) => sequence)
      )
    }).pipe(Effect.scoped)
  )

  it.live("are not read in silence when the gateway is away", () =>
    Effect.gen(function* () {
      const { ledger } = yield* contextWith({})
      const error = yield* Effect.flip(Stream.runCollect(ledger))
      assert.match(error.message, /^The gateway's ledger cannot be read/u)
    }).pipe(Effect.scoped)
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
      const { messages } = yield* contextWith({ messages: { kind: "folder", folder } })
      assert.deepStrictEqual(yield* Stream.runCollect(messages!), [{ id }, { id }])
      const none = yield* contextWith({
        messages: { kind: "folder", folder: join(folder, "not-there-yet") }
      })
      assert.deepStrictEqual(yield* Stream.runCollect(none.messages!), [])
    }).pipe(Effect.scoped)
  )

  it.live("are the stored objects, or none under that key", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      yield* Effect.promise(() => writeFile(join(folder, "a.html"), "a"))
      const { objects } = yield* contextWith({ receipts: { kind: "folder", folder } })
      assert.deepStrictEqual(Option.map(yield* objects!.get("a.html"), String), Option.some("a"))
      assert.isTrue(Option.isNone(yield* objects!.get("b.html")))
    }).pipe(Effect.scoped)
  )
})

const main = fileURLToPath(new URL("../../src/audit/main.ts", import.meta.url))

const runAudit = (folder: string, ...words: ReadonlyArray<string>) =>
  Effect.promise(
    () =>
      new Promise<{ code: unknown; stdout: string; stderr: string }>((ended) =>
        execFile(process.execPath, [main, ...words], { env: { FLOWFORGE_DATA: folder } }, (error, stdout, stderr) =>
          ended({ code: error?.code ?? 0, stdout, stderr })
        )
      )
  )

describe("npm run audit", () => {
  it.live("says what to do when nothing runs, and ends with 2", () =>
    Effect.gen(function* () {
      const { code, stderr } = yield* runAudit(yield* temporaryFolder)
      assert.strictEqual(code, 2)
      assert.match(stderr, /No FlowForge is running on .*npm start/u)
    }).pipe(Effect.scoped)
  )

  it.live("explains itself with --help", () =>
    Effect.gen(function* () {
      const { code, stdout } = yield* runAudit("/nowhere", "--help")
      assert.strictEqual(code, 0)
      assert.match(stdout, /--dead-letters N/u)
    })
  )
})

describe("what an audit is asked on the command line", () => {
  it.effect("is the orders of a file and the number of dead letters", () =>
    Effect.gen(function* () {
      const file = join(yield* temporaryFolder, "accepted")
      const ids = ["0193f2a0-0000-7000-8000-00000000000a", "0193f2a0-0000-7000-8000-00000000000b"]
      yield* Effect.promise(() => writeFile(file, `${ids.join("\n")}\n`))
      assert.deepStrictEqual(yield* optionsFrom(["--accepted", file, "--dead-letters", "3"]), {
        accepted: ids,
        expectedDeadLetters: 3
      })
      assert.deepStrictEqual(yield* optionsFrom([]), { accepted: undefined, expectedDeadLetters: undefined })
    }).pipe(Effect.scoped)
  )

  it.effect("is refused with a reason when it cannot be understood", () =>
    Effect.gen(function* () {
      const file = join(yield* temporaryFolder, "accepted")
      yield* Effect.promise(() => writeFile(file, "not an order\n"))
      for (const [words, reason] of [
        [["--dead-letters", "many"], /--dead-letters must be a whole number, not "many"/u],
        [["--accepted", "/nowhere/at/all"], /nowhere\/at\/all cannot be read/u],
        [["--accepted", file], /holds what is no order's id: not/u],
        [["--everything"], /Unknown option '--everything'/u]
      ] as const) {
        assert.match((yield* Effect.flip(optionsFrom(words))).message, reason)
      }
    }).pipe(Effect.scoped)
  )
})
