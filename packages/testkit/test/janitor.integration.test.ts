import { execFileSync, spawn } from "node:child_process"
import { once } from "node:events"
import { chmodSync, mkdtempSync, readdirSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { eventually } from "../src/index.ts"

const program = fileURLToPath(new URL("run-to-kill.ts", import.meta.url))

const commands = (): string => execFileSync("ps", ["-eo", "command="], { encoding: "utf8" })

describe("a test run that is ended", () => {
  for (const signal of ["SIGINT", "SIGTERM", "SIGKILL"] as const) {
    it.live(
      `by ${signal} leaves no server and no folder behind`,
      () =>
        Effect.gen(function* () {
          const folder = yield* Effect.acquireRelease(
            Effect.sync(() => mkdtempSync(join(tmpdir(), "flowforge-janitor-"))),
            (created) => Effect.sync(() => rmSync(created, { recursive: true, force: true }))
          )
          chmodSync(folder, 0o755)
          const run = yield* Effect.acquireRelease(
            Effect.sync(() => spawn(process.execPath, [program], { env: { ...process.env, TMPDIR: folder } })),
            (child) => Effect.sync(() => child.kill("SIGKILL"))
          )
          yield* Effect.promise(() => once(run.stdout, "data"))
          assert.include(commands(), folder)
          assert.lengthOf(readdirSync(folder), 1)
          run.kill(signal)
          yield* eventually(
            "the server has ended and its folder is gone",
            Effect.sync(() => readdirSync(folder).length === 0 && !commands().includes(folder)),
            "45 seconds"
          )
        }).pipe(Effect.scoped),
      90_000
    )
  }
})
