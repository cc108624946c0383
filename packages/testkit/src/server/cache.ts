import { homedir } from "node:os"
import { join } from "node:path"
import { Config, Effect } from "effect"

/** Where servers are kept that had to be installed: outlives the runs. */
export const cacheFolder: Effect.Effect<string> = Config.String("FLOWFORGE_CACHE").pipe(
  Config.withDefault(join(homedir(), ".cache", "flowforge")),
  Effect.orDie
)
