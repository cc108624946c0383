import { type Figures, type Gate, gates } from "./gates.ts"
import type { Result } from "./rung.ts"

export const n = (value: number, digits = 0): string =>
  Number.isNaN(value)
    ? "–"
    : value.toLocaleString("en-US", { maximumFractionDigits: digits, minimumFractionDigits: digits })

type Column = readonly [string, (result: Result) => string]

const before: ReadonlyArray<Column> = [
  ["rung", (r) => r.name],
  ["offered/s", (r) => n(r.offered)],
  ["accepted", (r) => n(r.accepted)],
  ["refused", (r) => n(r.refused)],
  ["failed", (r) => n(r.failed)],
  ["terminal/s", (r) => n(r.terminalRate)],
  ["confirmed", (r) => n(r.confirmed)],
  ["cancelled", (r) => n(r.cancelled)],
  ["open at end of load", (r) => n(r.openAtEnd)],
  ["POST p50 / p99 ms", (r) => `${n(r.ack.p50, 1)} / ${n(r.ack.p99, 1)}`],
  ["to CONFIRMED p50 / p99 ms", (r) => `${n(r.toConfirmed.p50)} / ${n(r.toConfirmed.p99)}`],
  ["CPU ms/order: Node", (r) => n(r.cpu.system, 2)],
  ["gateway", (r) => n(r.cpu.gateway, 2)]
]

const after: ReadonlyArray<Column> = [
  ["RSS MB", (r) => n(r.residentMegabytes)],
  ["WAL KB/order", (r) => n(r.walKilobytes, 1)],
  ["flushes/order", (r) => n(r.flushes, 3)],
  ["notified", (r) => n(r.notifications)]
]

const columnsOf = (results: ReadonlyArray<Result>): ReadonlyArray<Column> => [
  ...before,
  ...[...new Set(results.flatMap(({ cpu }) => Object.keys(cpu.servers)))].map((server): Column => [
    server,
    ({ cpu }) => n(cpu.servers[server] ?? Number.NaN, 2)
  ]),
  ...after
]

/** One line for the terminal while the bench goes on. */
export const renderRow = (result: Result): string =>
  columnsOf([result])
    .map(([name, cell]) => (name === "rung" ? cell(result) : `${name} ${cell(result)}`))
    .join(" · ")

export const table = (
  head: ReadonlyArray<string>,
  rows: ReadonlyArray<ReadonlyArray<string>>
): ReadonlyArray<string> => [
  `| ${head.join(" | ")} |`,
  `| ${head.map(() => "---").join(" | ")} |`,
  ...rows.map((row) => `| ${row.join(" | ")} |`)
]

/** Each gate, whether it was met, and what limits it where that is known of any. */
export const renderGates = <Figures>(gates: ReadonlyArray<Gate<Figures>>, figures: Figures): ReadonlyArray<string> => {
  const limits = gates.some(({ limit }) => limit !== undefined)
  return table(
    ["what", "gate", "goal", "seen", "", ...(limits ? ["limited by"] : [])],
    gates.map(({ gate, goal, isMet, limit, seen, what }) => [
      what,
      gate,
      goal,
      seen(figures),
      isMet(figures) ? "met" : "**missed**",
      ...(limits ? [limit ?? ""] : [])
    ])
  )
}

export const renderRungs = (results: ReadonlyArray<Result>): ReadonlyArray<string> => {
  const columns = columnsOf(results)
  return table(
    columns.map(([name]) => name),
    results.map((result) => columns.map(([, cell]) => cell(result)))
  )
}

export const renderPage = (run: {
  readonly origin: string
  readonly rounds: number
  readonly seconds: number
  readonly results: ReadonlyArray<Result>
  readonly figures: Figures
  readonly audited: number
}): string =>
  [
    "# Benchmarks",
    "",
    `Written by \`npm run bench\`: ${run.origin}, everything on the one machine: FlowForge in one`,
    "process, PostgreSQL 18 with fsync and synchronous_commit on, the payment simulator with an fsynced ledger, and the",
    `load generator. Open loop; ${run.rounds} rounds of ${run.seconds} s, the median round by CPU. An order counts when it`,
    "reached its end; 3% of the cards are declined and 2% of the orders are out of stock, decided by the order. After the",
    `load the audit held every invariant over all ${n(run.audited)} orders, the payment company's ledger included.`,
    "",
    "## Against the gates",
    "",
    ...renderGates(gates, run.figures),
    "",
    "What limits it, and where the time goes: [performance](performance.md).",
    "",
    "## Every rung",
    "",
    ...renderRungs(run.results),
    ""
  ].join("\n")
