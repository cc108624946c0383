import { spawnSync } from "node:child_process"
import { existsSync } from "node:fs"
import { mkdir, mkdtemp, readdir, rename, rm } from "node:fs/promises"
import { join } from "node:path"
import { Effect } from "effect"
import { cacheFolder } from "../server/cache.ts"

/** How redis-server is started here. */
export interface RedisProgram {
  readonly command: string
  /** Libraries that came with the program, where it was unpacked. */
  readonly libraries: string | undefined
}

/** The server, its program (in redis-tools) and the libraries that a bare Debian lacks. */
const PACKAGES = ["redis-server", "redis-tools", "libjemalloc2", "liblzf1"]

/** What a test says when it is skipped. */
export const REDIS_MISSING =
  "no redis-server: install Redis 7 or newer (apt-get install redis-server, brew install redis) so that it is on the PATH"

const works = ({ command, libraries }: RedisProgram): boolean =>
  spawnSync(command, ["--version"], {
    stdio: "ignore",
    ...(libraries === undefined ? {} : { env: { LD_LIBRARY_PATH: libraries } })
  }).status === 0

/**
 * The redis-server of the PATH; where there is none, Debian's, unpacked into the cache folder without being installed.
 * Undefined where neither is to be had.
 */
export const findRedis: Effect.Effect<RedisProgram | undefined> = Effect.gen(function* () {
  const onPath: RedisProgram = { command: "redis-server", libraries: undefined }
  if (works(onPath)) return onPath
  const cache = yield* cacheFolder
  return yield* Effect.promise(() => unpacked(cache))
})

const unpacked = async (cache: string): Promise<RedisProgram | undefined> => {
  const folder = join(cache, "redis-debian")
  if (!existsSync(folder)) await unpackInto(cache, folder)
  const libraries = join(folder, "usr", "lib")
  if (!existsSync(libraries)) return undefined
  const [machine] = (await readdir(libraries)).filter((name) => name.endsWith("-linux-gnu"))
  const program = { command: join(folder, "usr", "bin", "redis-server"), libraries: join(libraries, machine ?? "") }
  return works(program) ? program : undefined
}

/** Built beside and renamed when whole: several test files may look at the same time. */
const unpackInto = async (cache: string, folder: string): Promise<void> => {
  await mkdir(cache, { recursive: true })
  const beside = await mkdtemp(`${folder}.`)
  const run = (command: string, ...args: ReadonlyArray<string>) =>
    spawnSync(command, args, { cwd: beside, stdio: "ignore", timeout: 60_000 }).status === 0
  const isWhole =
    run("apt-get", "download", ...PACKAGES) &&
    (await readdir(beside)).filter((name) => name.endsWith(".deb")).every((name) => run("dpkg", "-x", name, "root"))
  // Another test file may have been faster, whose folder is as good.
  if (isWhole) await rename(join(beside, "root"), folder).catch(() => {})
  await rm(beside, { recursive: true, force: true })
}
