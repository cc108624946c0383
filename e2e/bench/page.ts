import { execFileSync } from "node:child_process"
import { readFile, writeFile } from "node:fs/promises"
import { cpus, totalmem } from "node:os"
import { fileURLToPath } from "node:url"
import { Effect } from "effect"

const FILE = fileURLToPath(new URL("../../docs/benchmarks.md", import.meta.url))

/** Of what, and on what, figures are. */
export const origin = Effect.sync(() => {
  const commit = execFileSync("git", ["rev-parse", "--short", "HEAD"], { encoding: "utf8" }).trim()
  const machine = `${cpus().length} cores (${cpus()[0]?.model.trim()}), ${Math.round(totalmem() / 2 ** 30)} GiB`
  return `commit ${commit}, ${machine}`
})

const sectionsOf = (page: string): ReadonlyArray<string> => page.split(/^(?=## )/mu)

/** The heading, which a section is known by; that before the first one is known by its title. */
const headingOf = (section: string): string => section.slice(0, section.indexOf("\n"))

/** `page` with the sections of `fresh` in the place of those of the same headings, or at its end. */
export const withSections = (page: string, fresh: string): string => {
  const written = new Map(sectionsOf(fresh).map((section) => [headingOf(section), section]))
  const kept = sectionsOf(page).map((section) => {
    const heading = headingOf(section)
    const text = written.get(heading) ?? section
    written.delete(heading)
    return text
  })
  return [...kept, ...written.values()].map((section) => `${section.trimEnd()}\n`).join("\n")
}

/** Writes these sections of docs/benchmarks.md; what other benches wrote there stays. */
export const writeSections = (fresh: string): Effect.Effect<void> =>
  Effect.promise(async () => writeFile(FILE, withSections(await readFile(FILE, "utf8"), fresh)))
