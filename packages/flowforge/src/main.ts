import { redactText } from "@flowforge/platform/telemetry"
import { Cause, Console, Data, Effect } from "effect"
import { explain } from "./explain.ts"
import { HELP } from "./help.ts"
import { processes } from "./processes/index.ts"
import { runUntilStopped } from "./stopping.ts"

class UnknownProcess extends Data.TaggedError("UnknownProcess")<{ readonly message: string }> {}

const [name, ...rest] = process.argv.slice(2)

const main = Effect.gen(function* () {
  if (name === "--help" || name === "-h") return yield* Console.log(HELP)
  const chosen = name !== undefined && rest.length === 0 && Object.hasOwn(processes, name) ? processes[name] : undefined
  if (chosen === undefined) {
    const given = name === undefined ? "No process is named." : `There is no process "${[name, ...rest].join(" ")}".`
    return yield* new UnknownProcess({ message: `${given}\n\n${HELP}` })
  }
  yield* Effect.scoped(chosen.run)
}).pipe(
  Effect.tapCause((cause) =>
    Cause.hasInterruptsOnly(cause) ? Effect.void : Console.error(`flowforge: ${redactText(explain(cause))}`)
  )
)

runUntilStopped(main, { disableErrorReporting: true })
