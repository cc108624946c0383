import { execFileSync } from "node:child_process"
import { existsSync, mkdirSync, mkdtempSync, readdirSync, symlinkSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

const WORKSPACES = "@flowforge"

/** What is committed, in a folder of its own. Installed packages are those of `root`; the workspaces are the copy's own. */
export const copyOf = (root: string): string => {
  const copy = mkdtempSync(join(tmpdir(), "flowforge-planted-"))
  const archive = execFileSync("git", ["archive", "HEAD"], { cwd: root, maxBuffer: 1 << 30 })
  execFileSync("tar", ["-x"], { cwd: copy, input: archive })
  link(join(root, "node_modules"), join(copy, "node_modules"), (name) => !name.startsWith(".") && name !== WORKSPACES)
  mkdirSync(join(copy, "node_modules", WORKSPACES))
  const folders = [...readdirSync(join(copy, "packages")).map((name) => join("packages", name)), "e2e"]
  for (const folder of folders) {
    symlinkSync(join(copy, folder), join(copy, "node_modules", WORKSPACES, folder.replace(/^.*\//u, "")))
    const own = join(root, folder, "node_modules")
    if (existsSync(own)) link(own, join(copy, folder, "node_modules"), (name) => !name.startsWith("."))
  }
  return copy
}

const link = (from: string, to: string, isWanted: (name: string) => boolean): void => {
  mkdirSync(to, { recursive: true })
  for (const name of readdirSync(from).filter(isWanted)) symlinkSync(join(from, name), join(to, name))
}
