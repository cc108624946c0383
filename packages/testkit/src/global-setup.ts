import { chmod, mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { startEmbeddedPostgres } from "@flowforge/platform/embedded-postgres"
import { Effect, Exit, Redacted, Scope } from "effect"
import { leaveJanitor } from "./janitor.ts"
import { createTemplate } from "./template.ts"

/** Starts one PostgreSQL for a whole test run, with a migrated template that each test file copies. */
export default async (project: { provide: (key: "postgresUrl", value: string) => void }) => {
  const folder = await mkdtemp(join(tmpdir(), "flowforge-test-"))
  // Run as root, PostgreSQL is another user, who must be let in.
  await chmod(folder, 0o755)
  leaveJanitor(folder)
  const scope = Effect.runSync(Scope.make())
  const url = await Effect.runPromise(
    Effect.gen(function* () {
      const server = yield* startEmbeddedPostgres({
        folder: join(folder, "postgres"),
        // A test's data need not survive the machine; durability is what the crash tests and the benches switch on.
        settings: { fsync: "off", synchronous_commit: "on", max_connections: "200" }
      })
      yield* createTemplate(server.url)
      return Redacted.value(server.url)
    }).pipe(Scope.provide(scope))
  )
  project.provide("postgresUrl", url)
  return async () => {
    await Effect.runPromise(Scope.close(scope, Exit.void))
    await rm(folder, { recursive: true, force: true })
  }
}
