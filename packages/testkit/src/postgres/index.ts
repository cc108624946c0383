import { chmod, mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { startEmbeddedPostgres } from "@flowforge/platform/embedded-postgres"
import { Effect, type Redacted, type Scope } from "effect"
import { leaveJanitor } from "../janitor.ts"

/** A PostgreSQL of its own for a test or a run of tests. */
export interface PostgresServer {
  readonly url: Redacted.Redacted
  /** Ends its first process with kill -9; it comes back by itself, on the same port. */
  readonly kill: Effect.Effect<void>
}

/** Starts a PostgreSQL in a temporary folder; both are gone with the scope, and when the run is killed. */
export const startPostgres = (
  settings: Readonly<Record<string, string>>
): Effect.Effect<PostgresServer, never, Scope.Scope> =>
  Effect.gen(function* () {
    const folder = yield* Effect.acquireRelease(
      Effect.promise(async () => {
        const made = await mkdtemp(join(tmpdir(), "flowforge-test-"))
        // Run as root, PostgreSQL is another user, who must be let in.
        await chmod(made, 0o755)
        leaveJanitor(made)
        return made
      }),
      (made) => Effect.promise(() => rm(made, { recursive: true, force: true }))
    )
    const server = yield* Effect.orDie(startEmbeddedPostgres({ folder: join(folder, "postgres"), settings }))
    return {
      url: server.url,
      kill: Effect.sync(() => {
        const pid = server.pid()
        if (pid !== undefined) process.kill(pid, "SIGKILL")
      })
    }
  })
