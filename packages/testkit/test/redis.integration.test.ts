import { execFileSync, spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync, readdirSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { eventually } from "../src/index.ts"
import { findRedis, REDIS_MISSING } from "../src/redis/index.ts"

const program = fileURLToPath(new URL("redis-to-kill.ts", import.meta.url))
const redis = await Effect.runPromise(findRedis)

const commands = (): string => execFileSync("ps", ["-eo", "command="], { encoding: "utf8" })

describe.skipIf(redis === undefined)(
  `a run with a frozen Redis${redis === undefined ? ` (${REDIS_MISSING})` : ""}`,
  () => {
    for (const signal of ["SIGINT", "SIGKILL"] as const) {
      it.live(`leaves no server and no folder behind when it is ended by ${signal}`, () =>
        Effect.gen(function* () {
          const folder = yield* Effect.acquireRelease(
            Effect.sync(() => mkdtempSync(join(tmpdir(), "flowforge-janitor-"))),
            (created) => Effect.sync(() => rmSync(created, { recursive: true, force: true }))
          )
          const run = yield* Effect.acquireRelease(
            Effect.sync(() => spawn(process.execPath, [program], { env: { ...process.env, TMPDIR: folder } })),
            (child) => Effect.sync(() => child.kill("SIGKILL"))
          )
          yield* Effect.promise(() => once(run.stdout, "data"))
          assert.include(commands(), folder)
          run.kill(signal)
          yield* eventually(
            "the server has ended and its folder is gone",
            Effect.sync(() => readdirSync(folder).length === 0 && !commands().includes(folder))
          )
        }).pipe(Effect.scoped)
      )
    }
  }
)
