import { isViolated, renderFindings } from "@flowforge/embedded/audit"
import { Effect } from "effect"
import { Driver } from "../stories/driver.ts"
import { ready } from "./change.ts"
import type { Installation } from "./installation.ts"
import { type LoadReport, openLoad } from "./load.ts"

const PER_SECOND = 10

/**
 * Orders keep coming, whatever happens, while this happens. It should not be a wait for Ready: on a machine with two cores that others use, mails
 * may be sent more slowly than orders come.
 */
export const underLoad = ({ apiUrl }: Installation, what: () => Promise<unknown>): Effect.Effect<LoadReport> =>
  Effect.promise(async () => {
    const load = openLoad(apiUrl, PER_SECOND)
    const happened = await what().then(
      () => undefined,
      (error: unknown) => ({ error })
    )
    const report = await load.stop()
    if (happened !== undefined) throw happened.error
    return report
  })

/** What came of orders where something went wrong with them. */
export class SomethingLost extends Error {}

/** Dies where a request failed, an order is lost, or an effect came twice. */
export const nothingLost = Effect.fnUntraced(function* (installation: Installation, report: LoadReport) {
  const { accepted, failed, sent } = report
  if (failed.length > 0) {
    throw new SomethingLost(`${failed.length} of ${sent} requests failed:\n${failed.slice(0, 20).join("\n")}`)
  }
  yield* Effect.promise(() => ready(installation))
  const driver = yield* Driver
  yield* driver.atRest
  const { length: expectedDeadLetters } = yield* driver.openDeadLetters
  const findings = yield* driver.audit({ accepted, expectedDeadLetters })
  if (findings.some(isViolated)) throw new SomethingLost(renderFindings(findings))
})
