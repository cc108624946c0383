// Ends a CI run: `conclude.mjs REPORT STATUS` says which tests were skipped, and prints "N passed, N failed". A skip that
// skips.txt does not list with its reason is a failure: a test nobody runs proves nothing.
import { readFileSync } from "node:fs"

const [report, status] = process.argv.slice(2)
const { numFailedTestSuites, numFailedTests, numPassedTests, testResults } = JSON.parse(readFileSync(report, "utf8"))

const allowed = readFileSync(new URL("skips.txt", import.meta.url), "utf8")
  .split("\n")
  .filter((line) => line !== "" && !line.startsWith("#"))
  .map((line) => line.split(" # "))
const reasonOf = (name) => allowed.find(([beginning]) => name.startsWith(beginning))?.[1]

const skipped = testResults
  .flatMap(({ assertionResults }) => assertionResults)
  .filter(({ status }) => status !== "passed" && status !== "failed")
  .map(({ fullName }) => ({ name: fullName, reason: reasonOf(fullName) }))
const unlisted = skipped.filter(({ reason }) => reason === undefined)

for (const { name, reason } of skipped)
  process.stdout.write(`skipped: ${name} (${reason ?? "not listed in .ci/skips.txt"})\n`)
// A file that cannot be loaded fails without a test.
const failed = (numFailedTests || (status === "0" ? 0 : Math.max(1, numFailedTestSuites))) + unlisted.length
process.stdout.write(
  `${numPassedTests} passed, ${failed} failed${skipped.length === 0 ? "" : `, ${skipped.length} skipped`}\n`
)
process.exitCode = failed === 0 ? 0 : 1
