import { Effect, Exit, Redacted, Scope } from "effect"
import { startPostgres } from "./postgres/index.ts"
import { createTemplate } from "./template.ts"

/** Starts one PostgreSQL for a whole test run, with a migrated template that each test file copies. */
export default async (project: { provide: (key: "postgresUrl", value: string) => void }) => {
  const scope = Effect.runSync(Scope.make())
  const url = await Effect.runPromise(
    Effect.gen(function* () {
      const server = yield* startPostgres({
        // A test's data need not survive the machine; durability is what the crash tests and the benches switch on.
        fsync: "off",
        synchronous_commit: "on",
        max_connections: "200"
      })
      yield* createTemplate(server.url)
      return Redacted.value(server.url)
    }).pipe(Scope.provide(scope))
  )
  project.provide("postgresUrl", url)
  return () => Effect.runPromise(Scope.close(scope, Exit.void))
}
