import { spawnSync } from "node:child_process"
import { existsSync } from "node:fs"
import { join } from "node:path"
import { Effect } from "effect"
import { cacheFolder, linkWhenWhole } from "../server/cache.ts"

const PACKAGES = ["moto==5.2.1", "flask", "flask-cors"]

/** What a test says when it is skipped. */
export const MOTO_MISSING = `no moto_server: put it on the PATH (pip install ${PACKAGES.join(" ")}), or Python 3 to install it with`

const run = (command: string, ...args: ReadonlyArray<string>): boolean =>
  spawnSync(command, args, { stdio: "ignore", timeout: 300_000 }).status === 0

/** The moto_server of the PATH, or the one in the cache folder; undefined where neither is to be had. */
export const findMoto: Effect.Effect<string | undefined> = Effect.gen(function* () {
  if (run("moto_server", "--help")) return "moto_server"
  const cache = yield* cacheFolder
  return yield* Effect.promise(async () => {
    const command = join(cache, "moto", "bin", "moto_server")
    if (!existsSync(command)) await install(cache)
    return run(command, "--help") ? command : undefined
  })
})

const install = (cache: string): Promise<void> =>
  linkWhenWhole(
    join(cache, "moto"),
    (folder) =>
      run("python3", "-m", "venv", folder) && run(join(folder, "bin", "pip"), "install", "--quiet", ...PACKAGES)
  )
