import { spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, relative } from "node:path"
import type { PlantedBug } from "./bug.ts"

/** A test that failed: where, which, and with what words. */
export interface Red {
  readonly file: string
  readonly title: string
  readonly reason: string
}

/** What a run of tests came to. */
export interface Run {
  readonly passed: number
  /** A file that cannot even be run fails without a test: it is not among these. */
  readonly red: ReadonlyArray<Red>
  /** What it printed, for when nothing came of it. */
  readonly output: string
}

interface Report {
  readonly numPassedTests: number
  readonly testResults: ReadonlyArray<{
    readonly name: string
    readonly assertionResults: ReadonlyArray<{
      readonly fullName: string
      readonly status: string
      readonly failureMessages: ReadonlyArray<string | null>
    }>
  }>
}

/** Runs the tests of the repository at `root` until one is red. */
export const runTests = async (
  root: string,
  { tests, titled }: Pick<PlantedBug, "tests" | "titled">,
  signal: AbortSignal
): Promise<Run> => {
  const folder = mkdtempSync(join(tmpdir(), "flowforge-planted-report-"))
  try {
    const outputFile = join(folder, "report.json")
    const program = join(root, "node_modules", "vitest", "vitest.mjs")
    // What is red once only was no bug but a busy machine.
    const flags = [
      "--reporter=json",
      `--outputFile=${outputFile}`,
      "--bail=1",
      "--retry=1",
      ...(titled === undefined ? [] : [`--testNamePattern=${titled}`])
    ]
    const child = spawn(process.execPath, [program, "run", ...flags, ...tests], {
      cwd: root,
      stdio: ["ignore", "pipe", "pipe"],
      signal
    })
    let output = ""
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (output += chunk))
    await once(child, "close")
    const report = JSON.parse(readFileSync(outputFile, "utf8")) as Report
    const red = report.testResults.flatMap(({ assertionResults, name }) =>
      assertionResults
        .filter(({ status }) => status === "failed")
        .map(({ failureMessages: [reason], fullName }): Red => ({
          file: relative(root, name),
          title: fullName,
          reason: (reason ?? "").split("\n")[0]!
        }))
    )
    return { passed: report.numPassedTests, red, output }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
