import { mkdir, writeFile } from "node:fs/promises"
import { join, relative, resolve } from "node:path"
import { CONTAINERS_FOLDER } from "@flowforge/embedded"

/** Where word of the stack is left, for the demo and the audit. */
export const stackFolder = (): string => resolve(process.env["FLOWFORGE_DATA"] || CONTAINERS_FOLDER)

/** Leaves there what a process on this machine has to be told, as `node --env-file` reads it; answers where that is. */
export const writeEnvironment = async (
  folder: string,
  environment: Readonly<Record<string, string>>
): Promise<string> => {
  const path = join(folder, "servers.env")
  await mkdir(folder, { recursive: true })
  const lines = Object.entries(environment).map(([name, value]) => `${name}=${JSON.stringify(value)}\n`)
  await writeFile(path, lines.join(""), { mode: 0o600 })
  return relative(process.cwd(), path)
}
