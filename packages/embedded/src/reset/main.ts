import { createInterface } from "node:readline/promises"
import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect, Schema } from "effect"
import { readArguments } from "../arguments.ts"
import { embeddedConfig } from "../config.ts"
import { explain } from "../explain.ts"
import { removableIn, reset } from "./reset.ts"

const HELP = `npm run reset [-- --yes]

Removes the data of the FlowForge in FLOWFORGE_DATA (default .flowforge): orders, payments ledger, receipts, mails.
Asks first; --yes does not ask, and is needed where there is no terminal to ask at.`

/** Nobody said that everything is to go. `message` says how to. */
class NotConfirmed extends Schema.TaggedError<NotConfirmed>()("NotConfirmed", { message: Schema.String }) {}

const confirm = Effect.fnUntraced(function* (folder: string) {
  if (!process.stdin.isTTY) {
    return yield* new NotConfirmed({
      message: `Nothing was removed: there is no terminal to ask at. With "-- --yes" behind the command it does not ask, and everything in ${folder} goes.`
    })
  }
  const answer = yield* Effect.promise(async () => {
    const terminal = createInterface({ input: process.stdin, output: process.stdout })
    const typed = await terminal.question(`Remove all orders and everything else in ${folder}? [y/N] `)
    terminal.close()
    return typed
  })
  if (!/^y(es)?$/iu.test(answer.trim())) return yield* new NotConfirmed({ message: "Nothing was removed." })
})

const main = Effect.gen(function* () {
  const { flags, isForHelp } = yield* readArguments(process.argv.slice(2), ["--yes"])
  if (isForHelp) return yield* Console.log(HELP)
  const { folder } = yield* embeddedConfig
  if ((yield* removableIn(folder)).length === 0) return yield* Console.log(`Nothing to remove in ${folder}.`)
  if (!flags.has("--yes")) yield* confirm(folder)
  yield* reset(folder)
  yield* Console.log(`Removed. The next "npm start" begins anew in ${folder}.`)
}).pipe(
  Effect.catchCause((cause) =>
    Console.error(explain(cause)).pipe(Effect.andThen(Effect.sync(() => (process.exitCode = 1))))
  )
)

NodeRuntime.runMain(main, { disableErrorReporting: true })
