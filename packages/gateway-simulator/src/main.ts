// This module alone: the whole package would double the memory and the time to start of a small process.
import { runMain } from "@effect/platform-node/NodeRuntime"
import { Cause, Console, Effect } from "effect"
import { runSimulator } from "./process.ts"

/** An expected failure says what it is; anything else is ours, and comes with where it happened. */
const explain = (cause: Cause.Cause<Error>): string => {
  const error = Cause.squash(cause)
  return cause.reasons.some(({ _tag }) => _tag === "Die") || !(error instanceof Error)
    ? Cause.pretty(cause)
    : error.message
}

// Standard output carries one line, the address: everything else goes to standard error.
const main = runSimulator.pipe(
  Effect.scoped,
  Effect.tapCause((cause) =>
    Cause.hasInterruptsOnly(cause) ? Effect.void : Console.error(`The payment simulator ends: ${explain(cause)}`)
  )
)

runMain(main, { disableErrorReporting: true })
