import { parseArgs } from "node:util"
import { Result } from "effect"
import type { Fault } from "./fault.ts"
import { ORDINARY_RATE } from "./run.ts"

export const HELP = `npm run test:faults [-- --only NAME] [--rate N] [--list] [--logs FOLDER]

FlowForge as it would be installed (Kafka, PostgreSQL, Redis, S3, SES and SNS, two of every process) under some 12 orders
a second, and every fault happens to it, one after another. After each, every order that a customer was promised has its
end, and the audit holds: nothing captured, reserved, refunded or mailed twice, stock exact. All faults take some 13
minutes on two cores.

  --only NAME     this fault, or all whose names begin so; may be given again
  --rate N        some N orders a second, from 1 to 100, instead of 12: fewer for a busy machine
  --list          the faults, and what each does
  --logs FOLDER   keeps there what the processes print
  --help          this text

Ends with 0 when nothing was violated, 1 when something was, 2 when it could not be tried.`

export interface Asked {
  readonly for: "help" | "list" | "run"
  readonly faults: ReadonlyArray<Fault>
  readonly rate: number
  readonly logs: string | undefined
}

/** What the command line asks for, or what is wrong with it. */
export const parseArguments = (
  words: ReadonlyArray<string>,
  faults: ReadonlyArray<Fault>
): Result.Result<Asked, string> => {
  try {
    const { values } = parseArgs({
      args: [...words],
      options: {
        only: { type: "string", multiple: true, default: [] },
        rate: { type: "string", default: String(ORDINARY_RATE) },
        list: { type: "boolean", default: false },
        logs: { type: "string" },
        help: { type: "boolean", short: "h", default: false }
      }
    })
    const { only } = values
    const rate = Number(values.rate)
    if (!(Number.isInteger(rate) && rate >= 1 && rate <= 100)) {
      return Result.fail(`--rate is a whole number from 1 to 100, not ${JSON.stringify(values.rate)}.`)
    }
    const stranger = only.find((name) => !faults.some((fault) => fault.name.startsWith(name)))
    if (stranger !== undefined) return Result.fail(`There is no fault "${stranger}"; --list names them.`)
    const chosen = faults.filter(({ name }) => only.length === 0 || only.some((begin) => name.startsWith(begin)))
    return Result.succeed({
      for: values.help ? "help" : values.list ? "list" : "run",
      faults: chosen,
      rate,
      logs: values.logs
    })
  } catch (error) {
    return Result.fail(`${(error as Error).message.split(". ")[0]}. --help says what there is.`)
  }
}
