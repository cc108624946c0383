import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { fileURLToPath } from "node:url"
import { assert, layer } from "@effect/vitest"
import { eventually } from "@flowforge/testkit"
import { Context, Effect, Layer, Result } from "effect"
import { type LaunchedSystem, prepareSystem } from "../system/launch.ts"
import { parseArguments } from "./arguments.ts"

class System extends Context.Service<System, LaunchedSystem>()("test/System") {
  static readonly layer = Layer.effect(
    System,
    Effect.tap(prepareSystem(), (system) => Effect.promise(system.start))
  )
}

interface Run {
  readonly process: ChildProcess
  readonly output: () => string
  /** The exit code. */
  readonly end: Effect.Effect<number | null>
}

const main = fileURLToPath(new URL("./main.ts", import.meta.url))

const run = Effect.fnUntraced(function* (...words: ReadonlyArray<string>) {
  const { folder } = yield* System
  return yield* Effect.acquireRelease(
    Effect.sync((): Run => {
      const child = spawn(process.execPath, [main, ...words], { env: { ...process.env, FLOWFORGE_DATA: folder } })
      let output = ""
      for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (output += chunk))
      const ended = once(child, "close").then(([code]) => code as number | null)
      return { process: child, output: () => output, end: Effect.promise(() => ended) }
    }),
    ({ end, process }) =>
      Effect.andThen(
        Effect.sync(() => process.kill("SIGKILL")),
        end
      )
  )
})

const hasPlaced = ({ output }: Run) =>
  eventually(
    "the demo has placed some orders",
    Effect.sync(() => / placed · [1-9]/u.test(output()))
  )

layer(System.layer, { excludeTestServices: true, timeout: "60 seconds" })("npm run demo", (it) => {
  it.effect(
    "adds up, and adds up again on the same system after one that was stopped half-way",
    () =>
      Effect.gen(function* () {
        const first = yield* run("--orders", "60")
        assert.strictEqual(yield* first.end, 0, first.output())
        assert.match(first.output(), /Everything adds up/u)

        const stopped = yield* run("--orders", "200")
        yield* hasPlaced(stopped)
        stopped.process.kill("SIGINT")
        assert.strictEqual(yield* stopped.end, 130, stopped.output())
        assert.match(stopped.output(), /Stopped\. \d+ orders were accepted.*goes on with them by itself/u)

        const second = yield* run("--orders", "60")
        assert.strictEqual(yield* second.end, 0, second.output())
      }).pipe(Effect.scoped),
    120_000
  )

  it.effect(
    "says so when the system stops half-way, and ends with 1",
    () =>
      Effect.gen(function* () {
        const system = yield* System
        const demo = yield* run("--orders", "200")
        yield* hasPlaced(demo)
        yield* Effect.promise(() => system.end("SIGKILL"))
        assert.strictEqual(yield* demo.end, 1)
        assert.match(demo.output(), /FlowForge stopped answering after \d+ orders were accepted.*npm start/u)
        yield* Effect.promise(system.start)
      }).pipe(Effect.scoped),
    60_000
  )
})

layer(Layer.empty)("the arguments of the demo", (it) => {
  it.effect("are a number of orders within bounds, or refused with a reason", () =>
    Effect.sync(() => {
      assert.deepStrictEqual(parseArguments([]), Result.succeed({ help: false, orders: 400 }))
      assert.deepStrictEqual(parseArguments(["--orders", "50"]), Result.succeed({ help: false, orders: 50 }))
      for (const words of [
        ["--orders", "49"],
        ["--orders", "5001"],
        ["--orders", "1.5"],
        ["--orders", "many"],
        ["--order"],
        ["x"]
      ]) {
        assert.isTrue(Result.isFailure(parseArguments(words)), words.join(" "))
      }
    })
  )
})
