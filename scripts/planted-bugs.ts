import { execFileSync } from "node:child_process"
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { WrongArguments } from "./arguments.ts"
import { HELP, readArguments } from "./planted-bugs/arguments.ts"
import { type PlantedBug, plantedIn } from "./planted-bugs/bug.ts"
import { bugs } from "./planted-bugs/bugs/index.ts"
import { copyOf } from "./planted-bugs/copy.ts"
import { type Caught, renderPage } from "./planted-bugs/report.ts"
import { runTests } from "./planted-bugs/tests.ts"

// `npm run planted-bugs` breaks one line at a time, in a copy of what is committed, demands that a test goes red, and writes what
// did into docs/planted-bugs.md. `-- --only <name>` (any number of times) tries some of them.

const root = join(import.meta.dirname, "..")
const say = (text: string): void => void process.stdout.write(`${text}\n`)

/** Undefined where there is nothing to try, and why has been said. */
const asked = (): ReadonlyArray<PlantedBug> | undefined => {
  try {
    const chosen = readArguments(process.argv.slice(2), bugs)
    if (chosen !== "help") return chosen
    say(HELP)
  } catch (error) {
    if (!(error instanceof WrongArguments)) throw error
    process.stderr.write(`${error.message}\n`)
    process.exitCode = 2
  }
  return undefined
}

const chosen = asked()
if (chosen === undefined) process.exit()

const stopping = new AbortController()
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stopping.abort())

const copy = copyOf(root)
const run = (bug: PlantedBug) => runTests(copy, bug, stopping.signal)

/** Going red says something of tests that are green otherwise. */
const healthy = new Map<string, boolean>()
const isGreen = async (bug: PlantedBug): Promise<boolean> => {
  const tests = [...bug.tests, bug.titled].join(" ")
  if (!healthy.has(tests)) {
    const { passed, red } = await run(bug)
    healthy.set(tests, passed > 0 && red.length === 0)
  }
  return healthy.get(tests)!
}

/** Plants it, looks what goes red, and takes it out again. */
const tryOut = async (bug: PlantedBug) => {
  const path = join(copy, bug.file)
  const sound = readFileSync(path)
  writeFileSync(path, plantedIn(copy, bug))
  try {
    return await run(bug)
  } finally {
    writeFileSync(path, sound)
  }
}

const caught: Array<Caught> = []
const survivors: Array<PlantedBug> = []
const untried: Array<PlantedBug> = []

/** After each of them: what was seen stays seen, whatever ends the rest. */
const writePage = (): void => {
  const page = join(root, "docs", "planted-bugs.md")
  writeFileSync(page, renderPage(existsSync(page) ? readFileSync(page, "utf8") : "", bugs, { caught, survivors }))
  execFileSync(join(root, "node_modules", ".bin", "oxfmt"), [page])
}

const judge = async (bug: PlantedBug): Promise<string> => {
  if (!(await isGreen(bug))) {
    untried.push(bug)
    return "not tried, its tests are not green without it"
  }
  const { output, passed, red } = await tryOut(bug)
  const [first] = red
  if (first !== undefined) {
    caught.push({ bug, red: first })
    return `red, ${first.title}: ${first.reason}`
  }
  if (passed === 0) throw new Error(`${bug.name}: no test was run\n${output}`)
  survivors.push(bug)
  return "SURVIVED"
}

try {
  for (const [n, bug] of chosen.entries()) {
    const start = performance.now()
    const verdict = await judge(bug)
    writePage()
    say(`${n + 1}/${chosen.length} ${bug.name}: ${verdict} (${Math.round((performance.now() - start) / 1000)} s)`)
  }
} finally {
  rmSync(copy, { recursive: true, force: true })
}

say(`\n${caught.length} of ${chosen.length} were noticed: docs/planted-bugs.md`)
for (const [what, some] of [
  ["survived", survivors],
  ["not tried", untried]
] as const) {
  if (some.length === 0) continue
  say(`${what}: ${some.map(({ name }) => name).join(", ")}`)
  process.exitCode = 1
}
