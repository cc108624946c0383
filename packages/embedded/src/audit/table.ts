import type { Finding } from "./check.ts"

/** The findings as a table for people, each invariant with its violations and what it excused below it; what was not asked comes last. */
export const renderFindings = (findings: ReadonlyArray<Finding>): string => {
  const asked = findings.filter(({ violations }) => violations !== undefined)
  const lines = asked.flatMap(({ examples, excused, invariant, violations }) => {
    const count = violations === 0 ? "ok" : String(violations)
    return [
      `${count.padStart(11)}  ${invariant}`,
      ...examples.map((example) => `             - ${example}`),
      ...(excused === undefined ? [] : excuses(excused))
    ]
  })
  const unasked = findings.flatMap(({ invariant, notAsked }) =>
    notAsked === undefined ? [] : [`  not asked  ${invariant}`, `             (${notAsked})`]
  )
  const violated = findings.filter(isViolated).length
  const excusing = asked.filter(({ excused }) => excused !== undefined).length
  const verdict = `${
    violated === 0 ? `All ${asked.length} invariants hold` : `${violated} of ${asked.length} invariants are violated`
  }${excusing === 0 ? "" : `; ${excusing} ${excusing === 1 ? "excuses" : "excuse"} orders that something still holds up`}.`
  return [" violations  invariant", ...lines, ...unasked, "", verdict].join("\n")
}

/** What is not counted as a violation is said, or a refund that never comes would be nobody's. */
const excuses = ({ count, examples }: NonNullable<Finding["excused"]>): ReadonlyArray<string> => [
  `             ${count} ${count === 1 ? "order" : "orders"} excused${count > examples.length ? ", the oldest" : ""}:`,
  ...examples.map((example) => `             ~ ${example}`)
]

export const isViolated = (finding: Finding): boolean => (finding.violations ?? 0) > 0
