import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import type { Outcome } from "./fault.ts"
import { renderOutcome, renderTable } from "./report.ts"

const outcome: Outcome = {
  fault: { name: "broker-away", what: "Kafka is away", happen: () => Effect.void },
  orders: 1200,
  refused: 3,
  unanswered: 0,
  doubtful: 2,
  lastedMillis: 90_040,
  endedMillis: 4_240,
  toldMillis: undefined,
  restedMillis: 30_000,
  surprises: ["order ended by itself (1)"],
  violations: ["1 × stock is exact"]
}

describe("the report on faults", () => {
  it("says of one fault how long it took, what came back by itself, and what must not be", () => {
    assert.strictEqual(
      renderOutcome(outcome),
      `  90.0 s lasted, 1200 orders, 3 refused, 0 unanswered, 4.2 s ended after, never told after, 30.0 s at rest after, 2 doubtful, 1 violations
  order ended by itself (1)
  VIOLATED: 1 × stock is exact`
    )
  })

  it("is a table of all of them that is Markdown as well", () => {
    assert.strictEqual(
      renderTable([outcome]),
      `| fault       | lasted | orders | refused | unanswered | ended after | told after | at rest after | doubtful | violations |
| ----------- | -----: | -----: | ------: | ---------: | ----------: | ---------: | ------------: | -------: | ---------: |
| broker-away | 90.0 s |   1200 |       3 |          0 |       4.2 s |      never |        30.0 s |        2 |          1 |`
    )
  })
})
