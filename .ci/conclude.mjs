// Ends a CI run: `conclude.mjs STATUS CLUSTER REPORT…` says which tests were skipped, and prints "N passed, N failed". STATUS is 0
// where every phase ended well, CLUSTER is there or absent, and a phase that was not reached has no REPORT. A skip that skips.txt
// does not list with its reason is a failure: a test nobody runs proves nothing.
import { readFileSync } from "node:fs"

const [status, cluster, ...files] = process.argv.slice(2)
const reports = files.map((file) => JSON.parse(readFileSync(file, "utf8")))
const sum = (name) => reports.reduce((total, report) => total + report[name], 0)

const ABSENT = "no cluster: "
const allowed = readFileSync(new URL("skips.txt", import.meta.url), "utf8")
  .split("\n")
  .filter((line) => line !== "" && !line.startsWith("#"))
  .filter((line) => cluster === "absent" || !line.startsWith(ABSENT))
  .map((line) => line.replace(ABSENT, "").split(" # "))
const reasonOf = (name) => allowed.find(([beginning]) => name.startsWith(beginning))?.[1]

const skipped = reports
  .flatMap(({ testResults }) => testResults)
  .flatMap(({ assertionResults }) => assertionResults)
  .filter(({ status }) => status !== "passed" && status !== "failed")
  .map(({ fullName }) => ({ name: fullName, reason: reasonOf(fullName) }))
const unlisted = skipped.filter(({ reason }) => reason === undefined)

for (const { name, reason } of skipped)
  process.stdout.write(`skipped: ${name} (${reason ?? "not listed in .ci/skips.txt"})\n`)
// A file that cannot be loaded fails without a test, and so does a phase that has none.
const failed =
  (sum("numFailedTests") || (status === "0" ? 0 : Math.max(1, sum("numFailedTestSuites")))) + unlisted.length
process.stdout.write(
  `${sum("numPassedTests")} passed, ${failed} failed${skipped.length === 0 ? "" : `, ${skipped.length} skipped`}\n`
)
process.exitCode = failed === 0 ? 0 : 1
