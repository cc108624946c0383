import { readFileSync } from "node:fs"
import { join } from "node:path"
import { root } from "./settings.ts"

/** What becomes of a block of commands when a test reads the page: the word behind ```sh says it. */
export type Use =
  /** ```sh: it is run. */
  | "run"
  /** ```sh yours: what a reader puts in; the test puts in its own. */
  | "yours"
  /** ```sh account: it needs an account somewhere else, and is not run. */
  | "account"

export interface Block {
  readonly use: Use
  readonly section: string
  /** Of the page, where the commands begin. */
  readonly line: number
  readonly commands: string
}

export class UnknownBlock extends Error {}

const USES: Readonly<Record<string, Use>> = { sh: "run", "sh yours": "yours", "sh account": "account" }

/** The blocks of commands of a page, in their order. A block of another kind begins with ```text. */
export const blocksOf = (markdown: string): ReadonlyArray<Block> => {
  const blocks: Array<Block> = []
  let section = ""
  let open: { readonly info: string; readonly line: number; readonly lines: Array<string> } | undefined
  for (const [at, line] of markdown.split("\n").entries()) {
    if (open === undefined) {
      if (line.startsWith("## ")) section = line.slice(3)
      if (line.startsWith("```")) open = { info: line.slice(3), line: at + 2, lines: [] }
    } else if (line === "```") {
      const use = USES[open.info]
      if (use === undefined && open.info !== "text") {
        throw new UnknownBlock(`line ${open.line - 1}: \`\`\`${open.info} is none of sh, sh yours, sh account, text`)
      }
      if (use !== undefined) blocks.push({ use, section, line: open.line, commands: open.lines.join("\n") })
      open = undefined
    } else open.lines.push(line)
  }
  return blocks
}

/** The names of variables that a block gives values to. */
export const namesIn = ({ commands }: Block): ReadonlyArray<string> =>
  [...commands.matchAll(/\b([A-Z][A-Z0-9_]*)=/gu)].map(([, name]) => name!)

const COMMAND = /^(?:kubectl|helm|npm) [^…]+$/u

/** Commands within sentences and tables. */
export const commandsInText = (markdown: string): ReadonlyArray<string> =>
  [...markdown.replace(/^```[\s\S]*?^```$/gmu, "").matchAll(/`([^`\n]+)`/gu)]
    .map(([, code]) => code!)
    .filter((code) => COMMAND.test(code))

export const TRIAL = "Try it on this machine"

export const readPage = (): string => readFileSync(join(root, "docs", "kubernetes.md"), "utf8")
