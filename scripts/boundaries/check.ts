import { declarations } from "./declarations.ts"
import { directions } from "./directions.ts"
import { type Exception, outside } from "./outside.ts"
import { readManifest, readWorkspaces } from "./sources.ts"

/** Everything that crosses a boundary of the house under `root`, each with its file and what is wrong. */
export const check = (root: string, exceptions?: ReadonlyArray<Exception>): ReadonlyArray<string> => {
  const workspaces = readWorkspaces(root)
  return [
    ...directions(workspaces),
    ...declarations(workspaces, readManifest(root, ".")),
    ...outside(workspaces, exceptions)
  ]
}
