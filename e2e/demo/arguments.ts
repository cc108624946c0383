import { parseArgs } from "node:util"
import { Result } from "effect"

const FEWEST = 50
const MOST = 5_000
const USUAL = 400

export const HELP = `npm run demo [-- --orders N]

Places a few hundred orders with the FlowForge that runs, started with "npm start" or "npm run up", as customers would:
declined cards, items that run dry, customers who change their mind or press twice, a payment company that stumbles.
Where none runs, one is started for the demo, on FLOWFORGE_DATA (default .flowforge), and stopped afterwards. Where
several run, FLOWFORGE_DATA names the folder of the one that is meant.

  --orders N   how many orders, ${FEWEST} to ${MOST} (default ${USUAL})
  --help       this text

It may be run again and again: before each run a few scarce items are counted to a fixed stock, through the management
port. It places real orders, so it is not for a FlowForge with real customers.

Ends with 0 when everything adds up, 1 when it does not or the system stopped on the way, 2 for a mistake in the
arguments, 130 on Ctrl-C.`

export interface Arguments {
  readonly help: boolean
  readonly orders: number
}

/** What was asked for on the command line, or what is wrong with it. */
export const parseArguments = (words: ReadonlyArray<string>): Result.Result<Arguments, string> => {
  try {
    const { values } = parseArgs({
      args: [...words],
      options: { help: { type: "boolean", short: "h", default: false }, orders: { type: "string" } }
    })
    const orders = values.orders === undefined ? USUAL : Number(values.orders)
    return Number.isInteger(orders) && orders >= FEWEST && orders <= MOST
      ? Result.succeed({ help: values.help, orders })
      : Result.fail(`--orders must be a whole number from ${FEWEST} to ${MOST}, not ${JSON.stringify(values.orders)}.`)
  } catch (error) {
    return Result.fail((error as Error).message.split(". ")[0] + '. "npm run demo -- --help" says what there is.')
  }
}
