import { once } from "node:events"
import { connect } from "node:net"
import { assert, describe, it } from "@effect/vitest"
import { layerTestDatabase } from "@flowforge/testkit"
import { Effect } from "effect"
import { vi } from "vitest"
import { processes } from "../src/processes/index.ts"
import { installation, launch } from "./programs.ts"

// Starting Node takes seconds on a machine that is busy with other tests.
vi.setConfig({ testTimeout: 60_000 })

describe("the program", () => {
  it.live("prints the table of processes when it is asked for help, and when the process is unknown", () =>
    Effect.gen(function* () {
      const [help, unknown] = yield* Effect.all([launch("--help", {}), launch("invoice", {})])
      assert.strictEqual((yield* help.ended).code, 0)
      assert.strictEqual((yield* unknown.ended).code, 1)
      assert.include(unknown.output(), 'There is no process "invoice".')
      for (const name of Object.keys(processes)) {
        for (const { output } of [help, unknown]) assert.include(output(), `  ${name} `)
      }
    }).pipe(Effect.scoped)
  )

  it.live("ends with exit code 1 and the variable's name when its configuration cannot work", () =>
    Effect.gen(function* () {
      const { ended, output } = yield* launch("payment", {
        DATABASE_URL: "postgres://u:hush@h/d",
        FLOWFORGE_BROKER: "mail"
      })
      assert.deepStrictEqual(yield* ended, { code: 1, signal: null })
      assert.include(output(), "FLOWFORGE_BROKER is wrong")
      assert.include(output(), "PAYMENT_GATEWAY_URL is missing")
      assert.notInclude(output(), "hush")
    }).pipe(Effect.scoped)
  )

  it.live("stops at once while it still waits for what it needs", () =>
    Effect.gen(function* () {
      const waiting = yield* launch("inventory", {
        DATABASE_URL: "postgres://flowforge@127.0.0.1:1/none",
        FLOWFORGE_BROKER: "postgres"
      })
      yield* waiting.says("waiting for PostgreSQL: ")
      assert.deepStrictEqual(yield* waiting.end("SIGTERM"), { code: 0, signal: null })
    }).pipe(Effect.scoped)
  )

  it.live("cuts a stop short that takes longer than it may", () =>
    Effect.gen(function* () {
      const { environment, publicUrl } = yield* installation
      const api = yield* launch("api", { ...environment, SHUTDOWN_TIMEOUT: "300 millis" })
      yield* api.ready
      // A request whose body never comes is under way for as long as the client likes.
      const slow = connect(Number(new URL(publicUrl).port), "127.0.0.1")
      yield* Effect.promise(() => once(slow, "connect"))
      slow.write("POST /orders HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\ncontent-length: 10\r\n\r\n")
      yield* Effect.promise(() => once(slow, "data"))
      const ending = yield* api.end("SIGTERM")
      slow.destroy()
      assert.deepStrictEqual(ending, { code: 1, signal: null }, api.output())
      assert.include(api.output(), "not stopped within 300ms")
    }).pipe(Effect.provide(layerTestDatabase), Effect.scoped)
  )
})
