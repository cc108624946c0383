import { type ChildProcess, spawn } from "node:child_process"
import { randomBytes } from "node:crypto"
import { once } from "node:events"
import { existsSync } from "node:fs"
import { chmod, chown, mkdir, rename, rm, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { Effect } from "effect"
import { EmbeddedPostgresError, explain } from "./error.ts"
import { mayEnter, type Owner } from "./owner.ts"
import type { Programs } from "./programs.ts"

/** Makes the folder, and makes it the server's own. */
export const claimFolder = (folder: string, owner: Owner | undefined): Effect.Effect<void, EmbeddedPostgresError> =>
  Effect.gen(function* () {
    yield* Effect.tryPromise({
      try: async () => {
        await mkdir(folder, { recursive: true })
        if (owner !== undefined) await chown(folder, owner.uid, owner.gid)
        await chmod(folder, 0o700)
      },
      catch: (cause) =>
        new EmbeddedPostgresError({
          message: `The folder ${folder} cannot be written: ${(cause as Error).message}. Set FLOWFORGE_DATA to one that can.`
        })
    })
    if (owner !== undefined && !(yield* Effect.promise(() => mayEnter(owner, folder)))) {
      return yield* new EmbeddedPostgresError({
        message: `PostgreSQL refuses to run as root, so it runs as the user "postgres", who may not enter ${folder}. Set FLOWFORGE_DATA to a folder that everybody may reach (FLOWFORGE_DATA=/var/lib/flowforge/data, say), or run as another user.`
      })
    }
  })

/**
 * Makes the database cluster where there is none, with a password of its own. It is built beside and renamed when
 * whole, so that a kill half-way leaves nothing that looks like a cluster.
 */
export const initialise = (
  folder: string,
  programs: Programs,
  owner: Owner | undefined
): Effect.Effect<void, EmbeddedPostgresError> =>
  Effect.gen(function* () {
    const cluster = join(folder, "cluster")
    if (existsSync(join(cluster, "PG_VERSION"))) return
    const beside = join(folder, "cluster.initialising")
    const passwordFile = join(folder, "password")
    yield* attempt(async () => {
      await rm(beside, { recursive: true, force: true })
      await writeFile(passwordFile, randomBytes(24).toString("hex"), { mode: 0o600 })
      if (owner !== undefined) await chown(passwordFile, owner.uid, owner.gid)
    })
    yield* untilEnd(() =>
      spawn(
        programs.initdb,
        [
          `--pgdata=${beside}`,
          "--username=flowforge",
          `--pwfile=${passwordFile}`,
          "--auth=scram-sha-256",
          "--encoding=UTF8",
          "--locale=C",
          "--no-instructions"
        ],
        { ...owner, cwd: folder, stdio: ["ignore", "ignore", "pipe"] }
      )
    )
    yield* attempt(() => rename(beside, cluster))
  }).pipe(
    Effect.mapError(
      ({ message }) =>
        new EmbeddedPostgresError({
          message: `PostgreSQL could not be initialised in ${folder}: ${explain(message)}`
        })
    )
  )

const attempt = (write: () => Promise<void>): Effect.Effect<void, Error> =>
  Effect.tryPromise({ try: write, catch: (cause) => cause as Error })

/** Runs the process to its good end, or fails with what it said. Interrupted, it is told to end and waited for. */
const untilEnd = (start: () => ChildProcess): Effect.Effect<void, Error> =>
  Effect.callback((resume) => {
    const child = start()
    let said = ""
    child.stderr?.on("data", (chunk) => (said = `${said}${chunk}`.slice(-4000)))
    child.once("error", (error) => resume(Effect.fail(error)))
    child.once("close", (code, signal) =>
      resume(code === 0 ? Effect.void : Effect.fail(new Error(said.trim() || `exit ${code ?? signal}`)))
    )
    return Effect.promise(async () => {
      child.kill("SIGTERM")
      // Closed when its own children are gone, too.
      await once(child, "close")
    })
  })
