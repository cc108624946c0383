import type { Finding } from "./check.ts"

/** The findings as a table for people, each violated invariant with its examples below it. */
export const renderFindings = (findings: ReadonlyArray<Finding>): string => {
  const lines = findings.flatMap(({ examples, invariant, violations }) => {
    const count = violations === undefined ? "not asked" : violations === 0 ? "ok" : String(violations)
    return [`  ${count.padStart(9)}  ${invariant}`, ...examples.map((example) => `             - ${example}`)]
  })
  const violated = findings.filter(isViolated).length
  const asked = findings.filter(({ violations }) => violations !== undefined).length
  const verdict = violated === 0 ? `All ${asked} invariants hold.` : `${violated} of ${asked} invariants are violated.`
  return [" violations  invariant", ...lines, "", verdict].join("\n")
}

export const isViolated = (finding: Finding): boolean => (finding.violations ?? 0) > 0
