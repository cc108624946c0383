import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { createServer } from "node:net"
import { assert, describe, it } from "@effect/vitest"
import { freePort, superviseProcess } from "@flowforge/platform/child-process"
import { eventually } from "@flowforge/testkit"
import { Effect } from "effect"

/** Says a line when it runs, and goes on until it is ended; a minute at most, should a test fail to end it. */
const OBEDIENT = 'console.log("runs"); setTimeout(() => {}, 60_000)'
const STUBBORN = `process.on("SIGTERM", () => console.log("no")); ${OBEDIENT}`

const launch = async (program: string): Promise<ChildProcess> => {
  const child = spawn(process.execPath, ["-e", program], { stdio: ["ignore", "pipe", "inherit"] })
  await once(child.stdout!, "data")
  return child
}

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

/** Supervises a program for the time of the test; `launched` has every process there was. */
const supervised = (start: (launched: Array<ChildProcess>) => Promise<ChildProcess>, patienceMillis = 10_000) =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const launched: Array<ChildProcess> = []
      const askToEnd = (child: ChildProcess) => child.kill("SIGTERM")
      const supervisor = await superviseProcess({
        start: async () => {
          const child = await start(launched)
          launched.push(child)
          return child
        },
        askToEnd,
        patienceMillis,
        kill: "SIGKILL"
      })
      return { ...supervisor, launched }
    }),
    ({ launched }) => Effect.sync(() => launched.forEach((child) => child.kill("SIGKILL")))
  )

describe("a supervised process", () => {
  it.live("is started again whenever it ends by itself", () =>
    Effect.gen(function* () {
      const { launched, pid, stop } = yield* supervised(() => launch(OBEDIENT))
      for (const crashes of [1, 2, 3]) {
        const before = pid()!
        process.kill(before, "SIGKILL")
        yield* eventually(
          "there is another",
          Effect.sync(() => pid() !== undefined && pid() !== before)
        )
        assert.strictEqual(launched.length, crashes + 1)
      }
      assert.isTrue(isAlive(pid()!))
      yield* Effect.promise(stop)
    })
  )

  it.live("is started again until it can be", () =>
    Effect.gen(function* () {
      let refusals = 0
      const { launched, pid, stop } = yield* supervised((launched) => {
        if (launched.length === 1 && refusals < 2) {
          refusals++
          return Promise.reject(new Error("what it needs is still held"))
        }
        return launch(OBEDIENT)
      })
      process.kill(pid()!, "SIGKILL")
      yield* eventually(
        "it runs again",
        Effect.sync(() => launched.length === 2)
      )
      assert.strictEqual(refusals, 2)
      yield* Effect.promise(stop)
    })
  )

  it.live("whose first start fails is the caller's to hear of", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(
        Effect.tryPromise({
          try: () =>
            superviseProcess({
              start: () => Promise.reject(new Error("no such program")),
              askToEnd: () => undefined,
              patienceMillis: 1,
              kill: "SIGKILL"
            }),
          catch: (cause) => cause as Error
        })
      )
      assert.strictEqual(error.message, "no such program")
    })
  )

  it.live("ends when it is asked to, and is not started again", () =>
    Effect.gen(function* () {
      const { launched, pid, stop } = yield* supervised(() => launch(OBEDIENT))
      yield* Effect.promise(stop)
      assert.strictEqual(launched[0]!.signalCode, "SIGTERM")
      assert.isUndefined(pid())
      assert.strictEqual(launched.length, 1)
      yield* Effect.promise(stop)
    })
  )

  it.live("that does not end when it is asked to is killed once patience is over", () =>
    Effect.gen(function* () {
      const { launched, stop } = yield* supervised(() => launch(STUBBORN), 100)
      yield* Effect.promise(stop)
      assert.strictEqual(launched[0]!.signalCode, "SIGKILL")
    })
  )

  it.live("that cannot be started again is given up when it is to stop", () =>
    Effect.gen(function* () {
      let tries = 0
      const { launched, pid, stop } = yield* supervised((launched) => {
        if (launched.length === 0) return launch(OBEDIENT)
        tries++
        return Promise.reject(new Error("what it needs is gone"))
      })
      process.kill(pid()!, "SIGKILL")
      yield* eventually(
        "it is tried",
        Effect.sync(() => tries > 0)
      )
      yield* Effect.promise(stop)
      assert.strictEqual(launched.length, 1)
    })
  )

  it.live("that is being started again when it is to stop is stopped as soon as it runs", () =>
    Effect.gen(function* () {
      let goOn = () => {}
      const held = new Promise<void>((done) => (goOn = done))
      let isRelaunching = false
      const { launched, pid, stop } = yield* supervised(async (launched) => {
        if (launched.length === 0) return launch(OBEDIENT)
        isRelaunching = true
        await held
        return launch(OBEDIENT)
      })
      process.kill(pid()!, "SIGKILL")
      yield* eventually(
        "it is being started",
        Effect.sync(() => isRelaunching)
      )
      const stopped = stop()
      goOn()
      yield* Effect.promise(() => stopped)
      assert.strictEqual(launched.length, 2)
      assert.strictEqual(launched[1]!.signalCode, "SIGTERM")
      assert.isUndefined(pid())
    })
  )
})

describe("a free port", () => {
  it.live("can be listened on", () =>
    Effect.promise(async () => {
      const server = createServer()
      server.listen(await freePort(), "127.0.0.1")
      await once(server, "listening")
      server.close()
    })
  )
})
