import { execFileSync } from "node:child_process"
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { parseArgs } from "node:util"
import { type PlantedBug, plantedIn } from "./planted-bugs/bug.ts"
import { bugs } from "./planted-bugs/bugs/index.ts"
import { copyOf } from "./planted-bugs/copy.ts"
import { type Caught, renderPage } from "./planted-bugs/report.ts"
import { runTests } from "./planted-bugs/tests.ts"

// `npm run planted-bugs` breaks one line at a time, in a copy of what is committed, demands that a test goes red, and writes what
// did into docs/planted-bugs.md. `-- --only <name>` (any number of times) tries some of them.

const root = join(import.meta.dirname, "..")
const { only } = parseArgs({ options: { only: { type: "string", multiple: true } } }).values
const chosen = only === undefined ? bugs : bugs.filter(({ name }) => only.includes(name))
for (const name of only ?? []) {
  if (!chosen.some((bug) => bug.name === name))
    throw new Error(`there is no bug ${name}; there are ${bugs.map((bug) => bug.name).join(", ")}`)
}

const stopping = new AbortController()
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stopping.abort())

const say = (text: string): void => void process.stdout.write(`${text}\n`)
const since = (start: number): string => `${Math.round((performance.now() - start) / 1000)} s`

/** Plants it, looks what goes red, and takes it out again. */
const tryOut = async (copy: string, bug: PlantedBug) => {
  const path = join(copy, bug.file)
  const healthy = readFileSync(path)
  writeFileSync(path, plantedIn(copy, bug))
  try {
    return await runTests(copy, bug.tests, { untilRed: true, signal: stopping.signal })
  } finally {
    writeFileSync(path, healthy)
  }
}

const copy = copyOf(root)
const caught: Array<Caught> = []
const survivors: Array<PlantedBug> = []
try {
  const files = [...new Set(chosen.flatMap(({ tests }) => tests))].toSorted()
  for (const file of files) if (!existsSync(join(copy, file))) throw new Error(`there is no test ${file}`)
  say(`Without a bug: ${files.length} test files …`)
  const start = performance.now()
  const healthy = await runTests(copy, files, { untilRed: false, signal: stopping.signal })
  if (healthy.red.length > 0 || healthy.passed === 0) {
    throw new Error(
      `they are not green, so that going red would say nothing:\n${healthy.red.map(({ file, title }) => `${file}: ${title}`).join("\n") || healthy.output}`
    )
  }
  say(`green, ${healthy.passed} tests, ${since(start)}`)
  for (const [n, bug] of chosen.entries()) {
    const start = performance.now()
    const {
      passed,
      output,
      red: [red]
    } = await tryOut(copy, bug)
    if (red === undefined && passed === 0) throw new Error(`${bug.name}: no test was run\n${output}`)
    if (red === undefined) survivors.push(bug)
    else caught.push({ bug, red })
    say(
      `${n + 1}/${chosen.length} ${bug.name}: ${red === undefined ? "SURVIVED" : `red, ${red.title}: ${red.reason}`} (${since(start)})`
    )
  }
} finally {
  rmSync(copy, { recursive: true, force: true })
}
const page = join(root, "docs", "planted-bugs.md")
writeFileSync(page, renderPage(existsSync(page) ? readFileSync(page, "utf8") : "", bugs, { caught, survivors }))
execFileSync(join(root, "node_modules", ".bin", "oxfmt"), [page])
say(`\n${caught.length} of ${chosen.length} were noticed: docs/planted-bugs.md`)
if (survivors.length > 0) {
  say(`survived: ${survivors.map(({ name }) => name).join(", ")}`)
  process.exitCode = 1
}
