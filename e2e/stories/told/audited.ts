import { assert } from "@effect/vitest"
import { isViolated, renderFindings } from "@flowforge/embedded/audit"
import { Effect } from "effect"
import { FlowForge } from "../../system/client.ts"
import { Driver } from "../driver.ts"
import type { Teller } from "./teller.ts"

/** The last of all stories. */
export const audited = (it: Teller): void => {
  it.effect("after all stories every invariant holds", () =>
    Effect.gen(function* () {
      const driver = yield* Driver
      const { accepted } = yield* FlowForge
      yield* driver.atRest
      const { length: expectedDeadLetters } = yield* driver.openDeadLetters
      const findings = yield* driver.audit({ accepted: [...accepted], expectedDeadLetters })
      assert.deepStrictEqual(findings.filter(isViolated), [], renderFindings(findings))
      assert.deepStrictEqual(
        findings.filter(({ violations }) => violations === undefined),
        [],
        "every one was asked"
      )
    })
  )
}
