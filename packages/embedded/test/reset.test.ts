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
})
