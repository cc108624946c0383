import { spawnSync } from "node:child_process"
import { appendFileSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { openLedger } from "../src/ledger.ts"
import { captureOf, clientOf, end, ledgerFolder, program, startSimulator } from "./simulator.ts"

/** Why the ledger in a folder cannot be opened. */
const refusalOf = (folder: string): Promise<string> =>
  openLedger({ folder, now: () => 0, patienceMillis: 100 }).then(
    () => "it can",
    (error: Error) => error.message
  )

// Each starts several processes, which takes long on a busy machine.
describe("the simulator's ledger", { timeout: 90_000 }, () => {
  it.live("has everything that was answered after kill -9 under load, and goes on with it", () =>
    Effect.gen(function* () {
      const folder = yield* ledgerFolder
      const answered = new Map<string, string | undefined>()
      for (let round = 0; round < 3; round++) {
        const { child, url } = yield* startSimulator(folder)
        const { payments } = yield* clientOf(url)
        const load = Effect.forEach(
          Array.from({ length: 2_000 }, (_, n) => `r${round}-${n}`),
          (key) => Effect.map(payments.capture(captureOf(key)), ({ txn_id }) => answered.set(key, txn_id)),
          { concurrency: 32, discard: true }
        )
        const kill = Effect.gen(function* () {
          while (answered.size < (round + 1) * 200) yield* Effect.sleep("1 millis")
          yield* Effect.promise(() => end(child, "SIGKILL"))
        })
        yield* Effect.all([Effect.ignore(load), kill], { concurrency: 2 })
      }
      const { payments, control } = yield* clientOf((yield* startSimulator(folder)).url)
      const entries = []
      for (let after = 0; ; after = entries.length) {
        const page = yield* control.ledger({ query: { after, limit: 100 } })
        if (page.entries.length === 0) break
        entries.push(...page.entries)
      }
      assert.deepStrictEqual(
        entries.map(({ sequence }) => sequence),
        entries.map((_, n) => n + 1)
      )
      const booked = new Map(entries.map((entry) => [entry.idempotency_key, entry.txn_id]))
      assert.strictEqual(booked.size, entries.length, "one entry for each key")
      for (const [key, txn_id] of answered) assert.strictEqual(booked.get(key), txn_id)
      const [key, txn_id] = [...answered][0]!
      assert.strictEqual((yield* payments.capture(captureOf(key))).txn_id, txn_id, "recognised after the restart")
      const other = yield* Effect.flip(payments.capture(captureOf(key, "tok_slow")))
      assert.strictEqual((other as { readonly _tag: string })._tag, "KeyConflict")
    }).pipe(Effect.scoped)
  )

  it.live("cuts off a line that was half-written, and numbers on", () =>
    Effect.gen(function* () {
      const folder = yield* ledgerFolder
      const first = yield* startSimulator(folder)
      yield* (yield* clientOf(first.url)).payments.capture(captureOf("whole"))
      yield* Effect.promise(() => end(first.child, "SIGKILL"))
      appendFileSync(join(folder, "ledger.jsonl"), '{"sequence":2,"kind":"captured","idempotency_key":"torn"')
      const { payments, control } = yield* clientOf((yield* startSimulator(folder)).url)
      const torn = yield* Effect.flip(payments.find({ params: { idempotency_key: "torn" } }))
      assert.strictEqual((torn as { readonly _tag: string })._tag, "UnknownKey")
      yield* payments.capture(captureOf("next"))
      const { entries } = yield* control.ledger({ query: { after: 1 } })
      assert.deepStrictEqual(
        entries.map(({ sequence, idempotency_key }) => [sequence, idempotency_key]),
        [[2, "next"]]
      )
      const lines = readFileSync(join(folder, "ledger.jsonl"), "utf8").trimEnd().split("\n")
      assert.strictEqual(lines.map((line) => JSON.parse(line) as unknown).length, 2)
    }).pipe(Effect.scoped)
  )

  it.live(
    "belongs to one process: a second one waits for the first to end, and takes over the lock of a killed one",
    () =>
      Effect.gen(function* () {
        const folder = yield* ledgerFolder
        const first = yield* startSimulator(folder)
        yield* (yield* clientOf(first.url)).payments.capture(captureOf("before"))
        const second = yield* Effect.forkChild(startSimulator(folder))
        assert.strictEqual(yield* Effect.promise(() => refusalOf(folder)), `it is in use by process ${first.child.pid}`)
        yield* Effect.promise(() => end(first.child, "SIGKILL"))
        const { payments } = yield* clientOf((yield* Fiber.join(second)).url)
        assert.strictEqual((yield* payments.find({ params: { idempotency_key: "before" } })).status, "captured")
      }).pipe(Effect.scoped)
  )

  it.live("is read whole when it is longer than what is read at once, and names a line that is no entry", () =>
    Effect.gen(function* () {
      const folder = yield* ledgerFolder
      const line = (n: number) =>
        JSON.stringify({
          sequence: n,
          at: "2026-11-23T08:00:00.000Z",
          kind: "captured",
          idempotency_key: `key-${n}-é`,
          reference: "x".repeat(n % 300),
          txn_id: `txn_${n}`,
          amount: n,
          method: "card",
          token: "tok_ok"
        })
      const lines = Array.from({ length: 12_000 }, (_, n) => line(n + 1))
      writeFileSync(join(folder, "ledger.jsonl"), `${lines.join("\n")}\n`)
      const ledger = yield* Effect.promise(() => openLedger({ folder, now: () => 0 }))
      assert.deepStrictEqual(
        ledger.lines.map((entry) => JSON.stringify(entry)),
        lines
      )
      yield* Effect.promise(ledger.close)
      writeFileSync(join(folder, "ledger.jsonl"), `${line(1)}\n{"sequence":2,\n${line(3)}\n`)
      assert.strictEqual(yield* Effect.promise(() => refusalOf(folder)), "line 2 is not an entry")
    }).pipe(Effect.scoped)
  )

  it.live("shows no tokens", () =>
    Effect.gen(function* () {
      const { payments, control } = yield* clientOf((yield* startSimulator(yield* ledgerFolder)).url)
      yield* payments.capture(captureOf("mine"))
      assert.notInclude(JSON.stringify(yield* control.ledger({ query: {} })), "tok_ok")
    }).pipe(Effect.scoped)
  )

  it.live("does not start on a port that is taken, and says what to do", () =>
    Effect.gen(function* () {
      const { url } = yield* startSimulator(yield* ledgerFolder)
      const { port } = new URL(url)
      const second = spawnSync(process.execPath, [program], {
        env: { GATEWAY_PORT: port, GATEWAY_FOLDER: yield* ledgerFolder },
        encoding: "utf8"
      })
      assert.strictEqual(second.status, 1)
      assert.strictEqual(
        second.stderr.trim(),
        `The payment simulator ends: port ${port} of 127.0.0.1 is taken. Set GATEWAY_PORT to another one, or to 0 for any.`
      )
    }).pipe(Effect.scoped)
  )

  it.live("ends cleanly when told to, and with its parent", () =>
    Effect.gen(function* () {
      const folder = yield* ledgerFolder
      const told = yield* startSimulator(folder)
      assert.strictEqual(yield* Effect.promise(() => end(told.child, "SIGTERM")), 130)
      const orphan = yield* startSimulator(folder)
      assert.strictEqual(yield* Effect.promise(() => end(orphan.child, "close stdin")), 0)
    }).pipe(Effect.scoped)
  )
})
