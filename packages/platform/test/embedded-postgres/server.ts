import { chmod, mkdtemp, readFile, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { PgClient } from "@effect/sql-pg"
import { Effect, type Redacted, Schedule } from "effect"
import { SqlClient } from "effect/sql"

/** A folder that the server's user may enter, gone with the scope. */
export const folder = Effect.acquireRelease(
  Effect.promise(async () => {
    const path = await mkdtemp(join(tmpdir(), "flowforge-postgres-"))
    await chmod(path, 0o755)
    return path
  }),
  (path) => Effect.promise(() => rm(path, { recursive: true, force: true }))
)

export const query = (url: Redacted.Redacted, statement: string) =>
  SqlClient.SqlClient.use((sql) => sql.unsafe<Record<string, unknown>>(statement)).pipe(
    Effect.provide(PgClient.layer({ url, maxConnections: 1 })),
    Effect.scoped
  )

/** A process of the server that computes and never looks up, so that it outlives a killed server. Answers its id. */
export const busyBackend = (url: Redacted.Redacted) =>
  Effect.gen(function* () {
    yield* Effect.forkScoped(query(url, "DO $$ BEGIN LOOP END LOOP; END $$"))
    const [row] = yield* query(
      url,
      "SELECT pid FROM pg_stat_activity WHERE query LIKE 'DO %' AND state = 'active'"
    ).pipe(Effect.repeat({ until: (rows) => rows.length > 0, schedule: Schedule.spaced("10 millis") }))
    return Number(row!["pid"])
  })

/** Dead and not reaped is dead. */
export const isAlive = async (pid: number): Promise<boolean> => {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "")
  return stat !== "" && stat[stat.lastIndexOf(")") + 2] !== "Z"
}
