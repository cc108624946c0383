import { existsSync } from "node:fs"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { prepareSystem } from "./launch.ts"
import { postgresOf } from "./parts.ts"

const order = {
  user_id: "00000000-0000-7000-8000-000000000042",
  items: [{ item_id: 1, quantity: 1 }],
  payment_info: { method: "card", token: "tok_ok" }
}

const isRunning = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

const until = async (holds: () => boolean): Promise<void> => {
  while (!holds()) await sleep(10)
}

describe("a system that is told to stop", () => {
  it.live(
    "stops once in order, however often one Ctrl-C arrives, and goes on with its data",
    () =>
      Effect.gen(function* () {
        const system = yield* prepareSystem()
        const { pid } = yield* Effect.promise(system.start)
        yield* Effect.promise(async () => {
          const answer = await fetch(`${system.publicUrl}/orders`, {
            method: "POST",
            headers: { "content-type": "application/json" },
            body: JSON.stringify(order)
          })
          assert.strictEqual(answer.status, 202)
          const postgres = await postgresOf(system.folder)
          process.kill(pid, "SIGINT")
          assert.deepStrictEqual(await system.end("SIGINT"), { code: 0, signal: null })
          assert.isFalse(isRunning(postgres), "PostgreSQL has stopped with it")
        })
        assert.match(system.output(), /Stopping …[^\n]*\nFlowForge has stopped\.\n$/u)
        yield* Effect.promise(system.start)
        assert.include(system.output(), "1 order in it")
      }).pipe(Effect.scoped),
    120_000
  )

  it.live(
    "stops at once when it is told again while something hangs, and takes PostgreSQL along",
    () =>
      Effect.gen(function* () {
        const system = yield* prepareSystem()
        const { pid } = yield* Effect.promise(system.start)
        const ending = yield* Effect.promise(async () => {
          const postgres = await postgresOf(system.folder)
          process.kill(postgres, "SIGSTOP")
          const ended = system.end("SIGINT")
          await until(() => system.output().includes("Stopping …"))
          const impatient = setInterval(() => isRunning(pid) && process.kill(pid, "SIGINT"), 100)
          const ending = await ended
          clearInterval(impatient)
          process.kill(postgres, "SIGCONT")
          await until(() => !isRunning(postgres))
          return ending
        })
        assert.deepStrictEqual(ending, { code: 130, signal: null })
        assert.include(system.output(), "Stopped at once.")
        yield* Effect.promise(system.start)
      }).pipe(Effect.scoped),
    120_000
  )

  it.live(
    "while it still starts stops as well, and the next start begins anew",
    () =>
      Effect.gen(function* () {
        const system = yield* prepareSystem()
        system.launch()
        const ending = yield* Effect.promise(async () => {
          await until(() => existsSync(join(system.folder, "postgres", "cluster.initialising")))
          return system.end("SIGTERM")
        })
        assert.deepStrictEqual(ending, { code: 0, signal: null })
        assert.notInclude(system.output(), "cannot start")
        yield* Effect.promise(system.start)
      }).pipe(Effect.scoped),
    120_000
  )

  it.live(
    "tells who asks for a log of JSON nothing but lines of it: its start with the addresses, stock that was counted, its end",
    () =>
      Effect.gen(function* () {
        const system = yield* prepareSystem({ environment: { LOG_FORMAT: "json" } })
        yield* Effect.promise(system.start)
        yield* Effect.promise(async () => {
          await fetch(`${system.managementUrl}/products/1/adjust`, {
            method: "POST",
            headers: { "content-type": "application/json" },
            body: JSON.stringify({ delta: -3, reason: "broken" })
          })
          await system.end("SIGTERM")
        })
        const lines = system
          .output()
          .trim()
          .split("\n")
          .map((line) => JSON.parse(line))
        assert.deepStrictEqual(
          lines.map(({ message }) => message),
          ["starting", "running", "stock adjusted", "stopping", "stopped"]
        )
        const { folder, public_url, open_orders } = lines[1]
        assert.deepStrictEqual([folder, open_orders], [system.folder, 0])
        assert.strictEqual(new URL(public_url).port, new URL(system.publicUrl).port)
        const { available, delta, item_id, reason } = lines[2]
        assert.deepStrictEqual([item_id, delta, reason, available], [1, -3, "broken", 999_997])
      }).pipe(Effect.scoped),
    120_000
  )

  it.live(
    "says in a line of JSON, too, why it cannot start",
    () =>
      Effect.gen(function* () {
        const system = yield* prepareSystem({ environment: { FLOWFORGE_NOTIFICATIONS: "nowhere", LOG_FORMAT: "json" } })
        system.launch()
        yield* Effect.promise(() => until(() => /cannot start.*\n/u.test(system.output())))
        const last = JSON.parse(system.output().trim().split("\n").at(-1)!)
        assert.strictEqual(last.level, "Fatal")
        assert.match(last.message, /^FlowForge cannot start: FLOWFORGE_NOTIFICATIONS is wrong/u)
      }).pipe(Effect.scoped),
    120_000
  )
})
