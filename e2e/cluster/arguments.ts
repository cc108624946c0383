import { parseArgs } from "node:util"

export interface Arguments {
  readonly smoke: boolean
  readonly keep: boolean
  readonly context: string | undefined
  readonly image: string | undefined
  /** What rollouts bring; the same image under another name where it is not given. */
  readonly nextImage: string | undefined
  /** Where the tests write what they found, as JSON. */
  readonly report: string | undefined
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
  --next-image IMAGE     another one, that rollouts bring; needed where the cluster is not of kind
  --keep                 leaves the cluster, or the namespace, as it is afterwards
  --report FILE          also writes what the tests found there, as JSON
`

const KIND = "kind-"

export const isKind = (context: string): boolean => context.startsWith(KIND)

/** The name of a cluster of kind. */
export const kindOf = (context: string): string => context.slice(KIND.length)

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
        image: { type: "string" },
        "next-image": { type: "string" },
        report: { type: "string" }
      }
    }))
  } catch (error) {
    throw new WrongArguments(`${(error as Error).message}\n\n${HELP}`)
  }
  if (values["help"] === true) return "help"
  const context = values["context"] as string | undefined
  if (context !== undefined && !isKind(context) && values["allow-context"] !== context) {
    throw new WrongArguments(
      `${context} is not a kind cluster, and tests kill and load what they meet. If you mean it: --allow-context ${context}`
    )
  }
  const image = values["image"] as string | undefined
  const nextImage = values["next-image"] as string | undefined
  if (context !== undefined && !isKind(context) && (image === undefined || nextImage === undefined)) {
    throw new WrongArguments(`${context} pulls its images from a registry: --image and --next-image say which`)
  }
  return {
    smoke: values["smoke"] === true,
    keep: values["keep"] === true,
    context,
    image,
    nextImage,
    report: values["report"] as string | undefined,
    only: positionals
  }
}
