import { spawnSync } from "node:child_process"
import { existsSync } from "node:fs"
import { mkdir, mkdtemp, rename, rm } from "node:fs/promises"
import { join } from "node:path"
import { Effect } from "effect"
import { cacheFolder } from "../server/cache.ts"

const MODULE = "github.com/versity/versitygw/cmd/versitygw@v1.8.0"

/** What a test says when it is skipped. */
export const OBJECT_STORE_MISSING = `no versitygw: put it on the PATH, or Go to build it with (go install ${MODULE})`

const works = (command: string): boolean => spawnSync(command, ["--version"], { stdio: "ignore" }).status === 0

/** The S3 server of the PATH, or the one built into the cache folder (3 minutes, once); undefined where neither is to be had. */
export const findObjectStore: Effect.Effect<string | undefined> = Effect.gen(function* () {
  if (works("versitygw")) return "versitygw"
  const cache = yield* cacheFolder
  return yield* Effect.promise(async () => {
    const command = join(cache, "bin", "versitygw")
    if (!existsSync(command)) await build(cache, command)
    return works(command) ? command : undefined
  })
})

/** Built beside and renamed when whole: several test files may look at the same time. */
const build = async (cache: string, command: string): Promise<void> => {
  await mkdir(join(cache, "bin"), { recursive: true })
  const beside = await mkdtemp(join(cache, "versitygw."))
  const { status } = spawnSync("go", ["install", MODULE], {
    env: { ...process.env, GOBIN: beside },
    stdio: "ignore",
    timeout: 600_000
  })
  if (status === 0) await rename(join(beside, "versitygw"), command).catch(() => {})
  await rm(beside, { recursive: true, force: true })
}
