import { createHash } from "node:crypto"
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import type { Artefact } from "./artefact.ts"

const EXAMPLES = "packages/contracts/examples"
const SEALS = `${EXAMPLES}/checksums.json`

const read = (root: string): Readonly<Record<string, string>> =>
  existsSync(join(root, SEALS)) ? JSON.parse(readFileSync(join(root, SEALS), "utf8")) : {}

const examples = (root: string): Readonly<Record<string, string>> =>
  Object.fromEntries(
    readdirSync(join(root, EXAMPLES), { recursive: true, encoding: "utf8" })
      .filter((path) => path.includes("/"))
      .toSorted()
      .map((path) => [
        path,
        createHash("sha256")
          .update(readFileSync(join(root, EXAMPLES, path)))
          .digest("hex")
      ])
  )

/** Frozen examples that are not as they were shipped. Events like them are in topics, outboxes and dead letters. */
export const broken = (root: string): ReadonlyArray<string> => {
  const now = examples(root)
  return Object.entries(read(root)).flatMap(([path, sum]) => {
    if (now[path] === undefined) return [`${EXAMPLES}/${path} was shipped and is gone: put it back`]
    return now[path] === sum ? [] : [`${EXAMPLES}/${path} was shipped and is changed: put it back, and add a new one`]
  })
}

/** The checksums of all examples: those that were sealed stay as they are, new ones are added. */
export const seals = (root: string): ReadonlyArray<Artefact> => [
  { path: SEALS, text: `${JSON.stringify({ ...examples(root), ...read(root) }, null, 2)}\n` }
]
