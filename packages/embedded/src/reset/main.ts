import { createInterface } from "node:readline/promises"
import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect } from "effect"
import { readArguments } from "../arguments.ts"
import { embeddedConfig } from "../config.ts"
import { explain } from "../explain.ts"
import { reset } from "./reset.ts"

const HELP = `npm run reset [-- --yes]

Removes the data of the FlowForge in FLOWFORGE_DATA (default .flowforge): orders, payments ledger, receipts, mails.
Asks first; --yes does not ask.`

const confirm = (question: string): Effect.Effect<boolean> =>
  Effect.promise(async () => {
    if (!process.stdin.isTTY) return false
    const terminal = createInterface({ input: process.stdin, output: process.stdout })
    const answer = await terminal.question(question)
    terminal.close()
    return /^y(es)?$/iu.test(answer.trim())
  })

const main = Effect.gen(function* () {
  const { flags, isForHelp } = yield* readArguments(process.argv.slice(2), ["--yes"])
  if (isForHelp) return yield* Console.log(HELP)
  const { folder } = yield* embeddedConfig
  const sure = flags.has("--yes") || (yield* confirm(`Remove all orders and everything else in ${folder}? [y/N] `))
  if (!sure) {
    process.exitCode = 1
    return yield* Console.log("Nothing was removed. Answer y, or give --yes.")
  }
  const removed = yield* reset(folder)
  yield* Console.log(
    removed ? `Removed. The next "npm start" begins anew in ${folder}.` : `Nothing to remove in ${folder}.`
  )
}).pipe(
  Effect.catchCause((cause) =>
    Console.error(explain(cause)).pipe(Effect.andThen(Effect.sync(() => (process.exitCode = 1))))
  )
)

NodeRuntime.runMain(main, { disableErrorReporting: true })
