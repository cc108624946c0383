import type { Outcome } from "./customers.ts"

type Ended = Extract<Outcome, { kind: "ended" }>

/** What the demo claims, in the order it is printed: a name, what was seen, and whether it adds up. */
export interface Finding {
  readonly what: string
  readonly seen: string
  readonly adds: boolean
}

/** Mails and refunds as the outside records have them. */
export interface OutsideCounts {
  readonly mails: number
  readonly refunds: number
}

/** Holds what customers saw against what they should have seen. `hot` is the item that runs dry, with what it had. */
export const findings = (
  outcomes: ReadonlyArray<Outcome>,
  hot: { readonly itemId: number; readonly available: number },
  outside: OutsideCounts
): ReadonlyArray<Finding> => {
  const ended = outcomes.filter((outcome): outcome is Ended => outcome.kind === "ended")
  const refused = outcomes.length - ended.length
  const confirmed = ended.filter(({ order }) => order.status === "CONFIRMED")
  const cancelled = (reason: string) => ended.filter(({ order }) => order.cancel_reason === reason)
  const declined = ended.filter(({ intention }) => intention.token !== "tok_ok")
  const hotBuyers = ended.filter(({ intention }) => intention.items.some((line) => line.item_id === hot.itemId))
  const hotSold = hotBuyers.filter(({ order }) => order.status === "CONFIRMED").length
  const refunded = ended.filter(({ order }) => order.history.some((entry) => entry.state === "REFUNDED"))
  const repeated = ended.filter(({ intention }) => intention.repeats)
  const finding = (what: string, seen: number | string, adds: boolean): Finding => ({ what, seen: String(seen), adds })
  return [
    finding("orders placed", outcomes.length, true),
    finding("accepted", ended.length, refused === 0),
    finding("confirmed", confirmed.length, confirmed.length > 0),
    finding(
      "cancelled: payment failed",
      cancelled("PAYMENT_FAILED").length,
      cancelled("PAYMENT_FAILED").length === declined.length &&
        declined.every(({ order }) => order.cancel_reason === "PAYMENT_FAILED")
    ),
    finding(
      "cancelled: out of stock",
      cancelled("OUT_OF_STOCK").length,
      cancelled("OUT_OF_STOCK").length === hotBuyers.length - hotSold
    ),
    finding(
      "cancelled: customer",
      cancelled("CUSTOMER").length,
      cancelled("CUSTOMER").every(({ intention }) => intention.cancels)
    ),
    finding(`hot item sold (had ${hot.available})`, hotSold, hotSold === hot.available),
    finding(
      "repeated requests with the same answer",
      repeated.filter(({ sameAnswer }) => sameAnswer).length,
      repeated.every(({ sameAnswer }) => sameAnswer)
    ),
    finding("refunds", outside.refunds, outside.refunds === refunded.length),
    finding(
      "receipts opened",
      confirmed.filter(({ receiptOpened }) => receiptOpened).length,
      confirmed.every(({ receiptOpened }) => receiptOpened)
    ),
    finding("mails", outside.mails, outside.mails === ended.length)
  ]
}

/** Milliseconds from acceptance to each state: how many, median and 99th percentile. */
export const latencies = (outcomes: ReadonlyArray<Outcome>) =>
  (["CONFIRMED", "CANCELLED", "REFUNDED"] as const).map((state) => {
    const millis = outcomes
      .flatMap((outcome) => {
        if (outcome.kind === "refused") return []
        const at = (name: string) => outcome.order.history.find((entry) => entry.state === name)?.at
        const [from, to] = [at("PENDING"), at(state)]
        return from === undefined || to === undefined ? [] : [Date.parse(to) - Date.parse(from)]
      })
      .sort((a, b) => a - b)
    const percentile = (p: number) => millis[Math.min(millis.length - 1, Math.floor(millis.length * p))]
    return { state, count: millis.length, p50: percentile(0.5), p99: percentile(0.99) }
  })

const table = (rows: ReadonlyArray<ReadonlyArray<string>>): string => {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)))
  return rows
    .map((row) => row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join("  "))
    .map((line) => `  ${line}`.trimEnd())
    .join("\n")
}

export const render = (
  found: ReadonlyArray<Finding>,
  latency: ReturnType<typeof latencies>,
  refusals: ReadonlyArray<string>
): string =>
  [
    table(found.map(({ what, seen, adds }) => [what, seen, adds ? "✓" : "✗ does not add up"])),
    "",
    table([
      ["accepted to", "orders", "p50 ms", "p99 ms"],
      ...latency.map(({ state, count, p50, p99 }) => [
        state.toLowerCase(),
        String(count),
        String(p50 ?? "–"),
        String(p99 ?? "–")
      ])
    ]),
    ...(refusals.length === 0 ? [] : ["", `  refused: ${[...new Set(refusals)].slice(0, 5).join("; ")}`])
  ].join("\n")
