import type { Outcome } from "./fault.ts"

const seconds = (millis: number | undefined): string =>
  millis === undefined ? "never" : `${(millis / 1000).toFixed(1)} s`

const COLUMNS = [
  "fault",
  "lasted",
  "orders",
  "refused",
  "unanswered",
  "ended after",
  "told after",
  "at rest after",
  "doubtful",
  "violations"
]

const cellsOf = (outcome: Outcome): ReadonlyArray<string> => [
  outcome.fault.name,
  seconds(outcome.lastedMillis),
  String(outcome.orders),
  String(outcome.refused),
  String(outcome.unanswered),
  seconds(outcome.endedMillis),
  seconds(outcome.toldMillis),
  seconds(outcome.restedMillis),
  String(outcome.doubtful),
  String(outcome.violations.length)
]

/** One fault in a line, and below it what must not be. */
export const renderOutcome = (outcome: Outcome): string =>
  [
    COLUMNS.slice(1)
      .map((column, n) => `${cellsOf(outcome)[n + 1]} ${column}`)
      .join(", "),
    ...outcome.surprises,
    ...outcome.violations.map((violation) => `VIOLATED: ${violation}`)
  ]
    .map((line) => `  ${line}`)
    .join("\n")

/** All of them as a table that is Markdown, too. */
export const renderTable = (outcomes: ReadonlyArray<Outcome>): string => {
  const rows = [COLUMNS, ...outcomes.map(cellsOf)]
  const widths = COLUMNS.map((_, n) => Math.max(...rows.map((row) => row[n]!.length)))
  const line = (cells: ReadonlyArray<string>) =>
    `| ${cells.map((cell, n) => (n === 0 ? cell.padEnd(widths[n]!) : cell.padStart(widths[n]!))).join(" | ")} |`
  const [header, ...others] = rows.map(line)
  const rule = `| ${widths.map((width, n) => (n === 0 ? "-".repeat(width) : `${"-".repeat(width - 1)}:`)).join(" | ")} |`
  return [header, rule, ...others].join("\n")
}
