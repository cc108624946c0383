import { parseArgs } from "node:util"

export interface Arguments {
  readonly smoke: boolean
  readonly keep: boolean
  readonly context: string | undefined
  readonly image: string | undefined
  /** Of the tests' files. */
  readonly only: ReadonlyArray<string>
}

export class WrongArguments extends Error {}

export const HELP = `npm run e2e -- [options] [file…]

Makes a kind cluster, installs everything in it, tells the stories to it, and removes it.

  --smoke                the short form
  --context NAME         a cluster that is there, by its context; only kind-* unless
  --allow-context NAME   is typed with the same name. A namespace of its own is made and deleted
  --image IMAGE          an image that is there, instead of building one
  --keep                 leaves the cluster, or the namespace, as it is afterwards
`

export const readArguments = (args: ReadonlyArray<string>): Arguments | "help" => {
  let values: Record<string, string | boolean | undefined>
  let positionals: ReadonlyArray<string>
  try {
    ;({ positionals, values } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        smoke: { type: "boolean" },
        keep: { type: "boolean" },
        help: { type: "boolean" },
        context: { type: "string" },
        "allow-context": { type: "string" },
        image: { type: "string" }
      }
    }))
  } catch (error) {
    throw new WrongArguments(`${(error as Error).message}\n\n${HELP}`)
  }
  if (values["help"] === true) return "help"
  const context = values["context"] as string | undefined
  if (context !== undefined && !context.startsWith("kind-") && values["allow-context"] !== context) {
    throw new WrongArguments(
      `${context} is not a kind cluster, and tests kill and load what they meet. If you mean it: --allow-context ${context}`
    )
  }
  return {
    smoke: values["smoke"] === true,
    keep: values["keep"] === true,
    context,
    image: values["image"] as string | undefined,
    only: positionals
  }
}
