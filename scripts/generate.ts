import { join } from "node:path"
import { type Artefact, drift, write } from "./generate/artefact.ts"
import { crd } from "./generate/crd.ts"
import { openapi } from "./generate/openapi.ts"
import { page } from "./generate/page.ts"
import { broken, seals } from "./generate/seals.ts"
import { roles } from "./generate/permissions.ts"
import { topics } from "./generate/topics.ts"
import { chartValues } from "./generate/values.ts"
import { variablesTable } from "./generate/variables.ts"

// `npm run generate` rewrites what is made from the code; with --check it compares only, and names what drifted.

const root = join(import.meta.dirname, "..")
const artefacts: ReadonlyArray<Artefact> = [
  ...openapi(),
  ...crd(),
  ...roles(),
  ...chartValues(),
  ...(await page()),
  ...topics(),
  ...variablesTable(root),
  ...seals(root)
]
const refusals = broken(root)

if (process.argv.includes("--check")) {
  const drifted = drift(root, artefacts, ["docs/api", "charts/flowforge-crds/templates"])
  report([...refusals, ...drifted], drifted.length > 0 ? "Rewrite what is generated: npm run generate" : undefined)
} else {
  if (refusals.length === 0) write(root, artefacts)
  report(refusals)
}

function report(complaints: ReadonlyArray<string>, advice?: string): void {
  for (const line of [...complaints, ...(advice === undefined ? [] : [advice])]) process.stderr.write(`${line}\n`)
  if (complaints.length > 0) process.exitCode = 1
}
