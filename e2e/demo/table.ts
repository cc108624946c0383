import { addsUp, type Finding, type Latency } from "./report.ts"

type Row = ReadonlyArray<string>

/** Words to the left, numbers to the right. */
const table = (rows: ReadonlyArray<Row>): string => {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  return rows
    .map((row) => row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i] ?? 0))))
    .map((cells) => `  ${cells.join("  ")}`.trimEnd())
    .join("\n")
}

const number = (value: number | undefined): string => (value === undefined ? "–" : value.toLocaleString("en-US"))

export const renderBalance = (findings: ReadonlyArray<Finding>): string =>
  table([
    ["orders", "seen", "expected", ""],
    ...findings.map((finding) => [
      finding.what,
      number(finding.seen),
      number(finding.expected),
      addsUp(finding) ? "✓" : "✗"
    ])
  ])

export const renderLatencies = (latencies: ReadonlyArray<Latency>): string =>
  table([
    ["from accepted to", "orders", "p50 ms", "p99 ms"],
    ...latencies.map(({ orders, p50, p99, to }) => [to, number(orders), number(p50), number(p99)])
  ])
