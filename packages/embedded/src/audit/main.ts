import { NodeRuntime } from "@effect/platform-node"
import { Console, Duration, Effect } from "effect"
import { embeddedConfig } from "../config.ts"
import { findInstance } from "../instance/record.ts"
import { auditInstance } from "./running.ts"
import { isViolated, renderFindings } from "./table.ts"

const HELP = `npm run audit

Holds every invariant against the FlowForge that runs on FLOWFORGE_DATA (default .flowforge): its database, the payment
gateway's ledger, the stored receipts and the sent messages. Orders younger than ten seconds are given time to settle.

Ends with 0 when all invariants hold, 1 when one is violated, 2 when the audit could not be made.`

const SETTLE_TIME = Duration.seconds(10)

const main = Effect.gen(function* () {
  if (process.argv.includes("--help")) return yield* Console.log(HELP)
  const { folder } = yield* embeddedConfig
  const findings = yield* auditInstance(yield* findInstance(folder), { settleTime: SETTLE_TIME })
  yield* Console.log(renderFindings(findings))
  if (findings.some(isViolated)) process.exitCode = 1
}).pipe(
  Effect.catch((error) => Console.error(error.message).pipe(Effect.andThen(Effect.sync(() => (process.exitCode = 2)))))
)

NodeRuntime.runMain(main, { disableErrorReporting: true })
