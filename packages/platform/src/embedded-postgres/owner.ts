import { execFile } from "node:child_process"
import { access, constants, mkdir } from "node:fs/promises"
import { dirname } from "node:path"
import { promisify } from "node:util"
import { Effect } from "effect"
import { EmbeddedPostgresError } from "./error.ts"

const run = promisify(execFile)

/** The user that PostgreSQL runs as, where that is not ours. */
export interface Owner {
  readonly uid: number
  readonly gid: number
}

/**
 * PostgreSQL refuses to run as root: then it runs as the user `postgres`, who is made where missing and must be able
 * to reach `paths`. Without root it runs as whoever we are: undefined.
 */
export const ownerForPostgres = (
  paths: ReadonlyArray<string>
): Effect.Effect<Owner | undefined, EmbeddedPostgresError> =>
  Effect.gen(function* () {
    if (process.getuid?.() !== 0) return undefined
    const owner = yield* Effect.tryPromise({
      try: () => lookUp().catch(() => create().then(lookUp)),
      catch: () =>
        new EmbeddedPostgresError({
          message:
            'PostgreSQL refuses to run as root, and the user "postgres" could not be made. Run as another user, or add one: useradd --system postgres'
        })
    })
    for (const path of paths) yield* reachable(path, owner)
    return owner
  })

const lookUp = async (): Promise<Owner> => {
  const [uid, gid] = await Promise.all([run("id", ["-u", "postgres"]), run("id", ["-g", "postgres"])])
  return { uid: Number(uid.stdout), gid: Number(gid.stdout) }
}

const create = async (): Promise<void> => {
  await run("useradd", ["--system", "--user-group", "--no-create-home", "postgres"])
}

const reachable = (path: string, owner: Owner): Effect.Effect<void, EmbeddedPostgresError> =>
  Effect.tryPromise({
    try: async () => {
      await mkdir(dirname(path), { recursive: true })
      await access(dirname(path), constants.X_OK)
      await run("test", ["-x", dirname(path)], owner as { uid: number; gid: number })
    },
    catch: () =>
      new EmbeddedPostgresError({
        message: `PostgreSQL refuses to run as root, so it runs as the user "postgres", who may not enter ${dirname(path)}. Put the folder where everybody may enter (not below /root), set FLOWFORGE_DATA to such a folder, or run as another user.`
      })
  })
