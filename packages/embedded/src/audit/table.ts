import type { Finding } from "./check.ts"

/** The findings as a table for people, each violated invariant with its examples below it; what was not asked comes last. */
export const renderFindings = (findings: ReadonlyArray<Finding>): string => {
  const asked = findings.filter(({ violations }) => violations !== undefined)
  const lines = asked.flatMap(({ examples, invariant, violations }) => {
    const count = violations === 0 ? "ok" : String(violations)
    return [`${count.padStart(11)}  ${invariant}`, ...examples.map((example) => `             - ${example}`)]
  })
  const unasked = findings.flatMap(({ invariant, notAsked }) =>
    notAsked === undefined ? [] : [`  not asked  ${invariant}`, `             (${notAsked})`]
  )
  const violated = findings.filter(isViolated).length
  const verdict =
    violated === 0 ? `All ${asked.length} invariants hold.` : `${violated} of ${asked.length} invariants are violated.`
  return [" violations  invariant", ...lines, ...unasked, "", verdict].join("\n")
}

export const isViolated = (finding: Finding): boolean => (finding.violations ?? 0) > 0
