import { readFile } from "node:fs/promises"
import { parseArgs } from "node:util"
import { Effect, Schema } from "effect"
import type { AuditOptions } from "./context.ts"

export const HELP = `npm run audit [-- --accepted FILE] [--dead-letters N]

Holds every invariant against the FlowForge that runs, started with "npm start" or "npm run up": its database, the
payment gateway's ledger, the stored receipts and the sent messages. Where several run, FLOWFORGE_DATA names the folder
of the one that is meant. It changes nothing. Orders younger than ten seconds are given time to settle. An order that a
refund still owed, a parked event or a dead letter holds up is excused, and named with what holds it up.

  --accepted FILE    ids of orders that clients got a 202 for, one a line: each must be there
  --dead-letters N   how many open dead letters there must be
  --help             this text

Ends with 0 when all invariants hold, 1 when one is violated, 2 when the audit could not be made.`

/** The audit was asked for in a way that cannot be understood. `message` says what is wrong. */
export class ArgumentMistaken extends Schema.TaggedError<ArgumentMistaken>()("ArgumentMistaken", {
  message: Schema.String
}) {}

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/iu

/** What the command line adds to an audit; undefined when it asks for help. */
export const optionsFrom = (
  words: ReadonlyArray<string>
): Effect.Effect<Omit<AuditOptions, "settleTime"> | undefined, ArgumentMistaken> =>
  Effect.gen(function* () {
    const { values } = yield* Effect.try({
      try: () =>
        parseArgs({
          args: [...words],
          options: {
            accepted: { type: "string" },
            "dead-letters": { type: "string" },
            help: { type: "boolean", short: "h", default: false }
          }
        }),
      catch: (cause) => mistaken((cause as Error).message.split(". ")[0]!)
    })
    if (values.help) return undefined
    const letters = values["dead-letters"]
    const expectedDeadLetters = letters === undefined ? undefined : Number(letters)
    if (expectedDeadLetters !== undefined && !(Number.isInteger(expectedDeadLetters) && expectedDeadLetters >= 0)) {
      return yield* mistaken(`--dead-letters must be a whole number, not ${JSON.stringify(letters)}`)
    }
    const accepted = values.accepted === undefined ? undefined : yield* idsIn(values.accepted)
    return { accepted, expectedDeadLetters }
  })

const mistaken = (what: string) =>
  new ArgumentMistaken({ message: `${what}. "npm run audit -- --help" says what there is.` })

const idsIn = Effect.fnUntraced(function* (file: string) {
  const text = yield* Effect.tryPromise({
    try: () => readFile(file, "utf8"),
    catch: (cause) => mistaken(`${file} cannot be read: ${(cause as Error).message}`)
  })
  const ids = text.split(/\s+/u).filter((word) => word !== "")
  const stranger = ids.find((id) => !UUID.test(id))
  return stranger === undefined ? ids : yield* mistaken(`${file} holds what is no order's id: ${stranger.slice(0, 80)}`)
})
