import { spawn } from "node:child_process"
import { once } from "node:events"
import { existsSync } from "node:fs"
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { lockDataFolder } from "../src/instance/lock.ts"
import { reset } from "../src/reset/reset.ts"

const folder = Effect.acquireRelease(
  Effect.promise(() => mkdtemp(join(tmpdir(), "flowforge-reset-"))),
  (path) => Effect.promise(() => rm(path, { recursive: true, force: true }))
)

describe("reset", () => {
  it.effect("removes what the system wrote, and nothing else", () =>
    Effect.gen(function* () {
      const path = yield* folder
      yield* Effect.promise(() => mkdir(join(path, "mail")))
      yield* Effect.promise(() => writeFile(join(path, "notes.txt"), "mine"))
      assert.isTrue(yield* reset(path))
      assert.isFalse(existsSync(join(path, "mail")))
      assert.isTrue(existsSync(join(path, "notes.txt")))
      assert.isFalse(yield* reset(path), "the second time there is nothing to remove")
    }).pipe(Effect.scoped)
  )

  it.effect("is refused while a system runs on the folder", () =>
    Effect.gen(function* () {
      const path = yield* folder
      yield* Effect.promise(() => mkdir(join(path, "mail")))
      yield* lockDataFolder(path)
      const error = yield* Effect.flip(reset(path))
      assert.include(error.message, "already running")
      assert.isTrue(existsSync(join(path, "mail")))
    }).pipe(Effect.scoped)
  )

  it.effect("finds nothing where there never was a folder", () =>
    Effect.gen(function* () {
      assert.isFalse(yield* reset(join(yield* folder, "none")))
    }).pipe(Effect.scoped)
  )

  /** The command, without a terminal: what is on its standard input is no answer. */
  const command = (path: string, flags: ReadonlyArray<string> = []) =>
    Effect.promise(async () => {
      const child = spawn(process.execPath, [join(import.meta.dirname, "../src/reset/main.ts"), ...flags], {
        env: { FLOWFORGE_DATA: path },
        stdio: ["pipe", "pipe", "pipe"]
      })
      child.stdin.end("y\n")
      const ended = once(child, "close")
      const [out, err] = await Promise.all([Array.fromAsync(child.stdout), Array.fromAsync(child.stderr)])
      const [code] = await ended
      return { code, said: [...out, ...err].join("") }
    })

  const commands = [
    { flags: [], code: 1, says: 'there is no terminal to ask at. With "-- --yes" behind', removed: false },
    { flags: ["--yse"], code: 1, says: '"--yse" is not known. There is --yes and --help.', removed: false },
    { flags: ["--help"], code: 0, says: "npm run reset [-- --yes]", removed: false },
    { flags: ["--yes"], code: 0, says: 'Removed. The next "npm start" begins anew', removed: true }
  ] as const
  for (const { flags, code, says, removed } of commands) {
    it.live(
      `as a command with "${flags.join(" ")}" and no terminal ${removed ? "removes" : "keeps"} the data`,
      () =>
        Effect.gen(function* () {
          const path = yield* folder
          yield* Effect.promise(() => mkdir(join(path, "mail")))
          const result = yield* command(path, flags)
          assert.include(result.said, says)
          assert.strictEqual(result.code, code)
          assert.strictEqual(existsSync(join(path, "mail")), !removed)
        }).pipe(Effect.scoped),
      60_000
    )
  }

  it.live(
    "as a command has nothing to remove, and so nothing to ask, where there is no folder or nothing in it",
    () =>
      Effect.gen(function* () {
        const path = yield* folder
        for (const where of [path, join(path, "none")]) {
          assert.deepStrictEqual(yield* command(where), { code: 0, said: `Nothing to remove in ${where}.\n` })
        }
      }).pipe(Effect.scoped),
    60_000
  )

  it.live(
    "as a command says that a system runs on the folder before it asks",
    () =>
      Effect.gen(function* () {
        const path = yield* folder
        yield* Effect.promise(() => mkdir(join(path, "mail")))
        yield* lockDataFolder(path)
        const said = `Nothing was removed: FlowForge is running on ${path} (process ${process.pid}). Stop it first.\n`
        assert.deepStrictEqual(yield* command(path), { code: 1, said })
        assert.deepStrictEqual(yield* command(path, ["--yes"]), { code: 1, said })
        assert.isTrue(existsSync(join(path, "mail")))
      }).pipe(Effect.scoped),
    60_000
  )
})
