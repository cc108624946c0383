import { parseArgs } from "node:util"
import { understood, WrongArguments } from "../arguments.ts"
import type { PlantedBug } from "./bug.ts"

export const HELP = `npm run planted-bugs [-- --only NAME]

Breaks one line at a time, in a copy of what is committed, runs the tests that are named for it, and demands that one goes
red. What noticed each bug is written into docs/planted-bugs.md; the bugs are in scripts/planted-bugs/bugs.

  --only NAME  this bug; may be given again
  --help       this text

Ends with 0 when all were noticed, 1 when one was not or could not be tried, 2 for a mistake in the arguments.`

/** The bugs to try. */
export const readArguments = (
  words: ReadonlyArray<string>,
  bugs: ReadonlyArray<PlantedBug>
): ReadonlyArray<PlantedBug> | "help" => {
  const { help, only } = understood(
    HELP,
    () =>
      parseArgs({
        args: [...words],
        options: {
          only: { type: "string", multiple: true, default: [] },
          help: { type: "boolean", short: "h", default: false }
        }
      }).values
  )
  if (help) return "help"
  const stranger = only.find((name) => !bugs.some((bug) => bug.name === name))
  if (stranger !== undefined) {
    throw new WrongArguments(`There is no bug "${stranger}"; there are ${bugs.map(({ name }) => name).join(", ")}.`)
  }
  return only.length === 0 ? bugs : bugs.filter(({ name }) => only.includes(name))
}
