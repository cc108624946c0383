import { NodeRuntime } from "@effect/platform-node"
import { Console, Duration, Effect } from "effect"
import { explain } from "../explain.ts"
import { findSystem, systemFolders } from "../running/index.ts"
import { HELP, optionsFrom } from "./arguments.ts"
import { auditSystem } from "./running.ts"
import { isViolated, renderFindings } from "./table.ts"

const SETTLE_TIME = Duration.seconds(10)

const main = Effect.gen(function* () {
  const options = yield* optionsFrom(process.argv.slice(2))
  if (options === undefined) return yield* Console.log(HELP)
  const { system } = yield* findSystem(yield* systemFolders)
  const findings = yield* auditSystem(system, { settleTime: SETTLE_TIME, ...options })
  yield* Console.log(renderFindings(findings))
  if (findings.some(isViolated)) process.exitCode = 1
}).pipe(
  Effect.catchCause((cause) =>
    Console.error(explain(cause)).pipe(Effect.andThen(Effect.sync(() => (process.exitCode = 2))))
  )
)

NodeRuntime.runMain(main, { disableErrorReporting: true })
