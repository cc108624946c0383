import { mkdir, mkdtemp, rm, symlink } from "node:fs/promises"
import { homedir } from "node:os"
import { dirname, join } from "node:path"
import { Config, Effect } from "effect"

/** Where servers are kept that had to be installed: outlives the runs. */
export const cacheFolder: Effect.Effect<string> = Config.String("FLOWFORGE_CACHE").pipe(
  Config.withDefault(join(homedir(), ".cache", "flowforge")),
  Effect.orDie
)

/**
 * Makes something in a folder that stays, and sets the link to it when it is whole: for what knows where it is, as Python
 * programs do, and cannot be moved. Several test files may look at the same time.
 */
export const linkWhenWhole = async (
  link: string,
  make: (folder: string) => boolean | Promise<boolean>
): Promise<void> => {
  await mkdir(dirname(link), { recursive: true })
  const folder = await mkdtemp(`${link}-`)
  const isLinked =
    (await make(folder)) &&
    (await symlink(folder, link).then(
      () => true,
      () => false
    ))
  if (!isLinked) await rm(folder, { recursive: true, force: true })
}
