import { execFile } from "node:child_process"
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
 * PostgreSQL refuses to run as root: then it runs as the user `postgres`, who is made where missing. Without root it
 * runs as whoever we are: undefined.
 */
export const ownerForPostgres: Effect.Effect<Owner | undefined, EmbeddedPostgresError> = Effect.suspend(() =>
  process.getuid?.() !== 0
    ? Effect.succeed(undefined)
    : Effect.tryPromise({
        try: () => lookUp().catch(() => create().then(lookUp)),
        catch: () =>
          new EmbeddedPostgresError({
            message:
              'PostgreSQL refuses to run as root, and the user "postgres" could not be made. Run as another user, or add one: useradd --system postgres'
          })
      })
)

const lookUp = async (): Promise<Owner> => {
  const [uid, gid] = await Promise.all([run("id", ["-u", "postgres"]), run("id", ["-g", "postgres"])])
  return { uid: Number(uid.stdout), gid: Number(gid.stdout) }
}

const create = async (): Promise<void> => {
  await run("useradd", ["--system", "--user-group", "--no-create-home", "postgres"])
}

/** Whether `owner` may enter the folder. */
export const mayEnter = async (owner: Owner, folder: string): Promise<boolean> =>
  run("test", ["-x", folder], { uid: owner.uid, gid: owner.gid, cwd: "/" }).then(
    () => true,
    () => false
  )
