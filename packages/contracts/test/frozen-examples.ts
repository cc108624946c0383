import { readdirSync, readFileSync } from "node:fs"
import { basename, dirname, join } from "node:path"

export interface FrozenExample {
  /** `order.created/v1.json` */
  readonly path: string
  readonly topic: string
  readonly version: number
  readonly event: Record<string, unknown>
}

const folder = join(import.meta.dirname, "../examples")

/** Every example ever shipped: `examples/<topic>/v<version>[-<case>].json`. */
export const frozenExamples: ReadonlyArray<FrozenExample> = readdirSync(folder, { recursive: true, encoding: "utf8" })
  .filter((path) => path.includes("/"))
  .toSorted()
  .map((path) => {
    const version = /^v(\d+)(-[a-z-]+)?\.json$/u.exec(basename(path))?.[1]
    if (version === undefined) throw new Error(`examples/${path} is not named v<version>[-<case>].json`)
    const event = JSON.parse(readFileSync(join(folder, path), "utf8")) as Record<string, unknown>
    return { path, topic: dirname(path), version: Number(version), event }
  })
