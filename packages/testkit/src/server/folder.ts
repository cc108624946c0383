import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect, type Scope } from "effect"
import { atTheEnd } from "../at-the-end.ts"

/** Ends the server, frozen or not, told from another process with its id by its command line; then removes the folder. */
const CLEAN_UP = `
  pid=$(head -n 1 "$1/pid" 2> /dev/null)
  if [ -n "$pid" ] && ps -p "$pid" -ww -o command= 2> /dev/null | grep -qF "$2"; then kill -KILL "$pid"; fi
  rm -rf "$1"
`

/**
 * A folder of its own for a server, gone with the scope; gone with the server, too, when the run is killed. `known` is what
 * the server's command line is known by: the folder, unless said otherwise.
 */
export const serverFolder = (name: string, known?: string): Effect.Effect<string, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const folder = await mkdtemp(join(tmpdir(), `flowforge-${name}-`))
      atTheEnd(CLEAN_UP, folder, known ?? `${folder}/`)
      return folder
    }),
    (folder) => Effect.promise(() => rm(folder, { recursive: true, force: true }))
  )
