import { spawn } from "node:child_process"
import { Effect } from "effect"

/** A command of a guide, and what it is said to print. */
export interface Step {
  readonly command: string
  readonly output: string
}

const BLOCK = /^```console\n([\s\S]*?)^```$/gmu

/** The commands of every `console` block: each begins with `$ ` and goes on while its quotes are open. */
export const stepsOf = (markdown: string): ReadonlyArray<Step> =>
  [...markdown.matchAll(BLOCK)].flatMap(([, block]) =>
    block!
      .split(/^\$ /mu)
      .slice(1)
      .map((text) => {
        const lines = text.trimEnd().split("\n")
        let length = 1
        while (length < lines.length && hasOpenQuote(lines.slice(0, length).join("\n"))) length++
        return { command: lines.slice(0, length).join("\n"), output: lines.slice(length).join("\n") }
      })
  )

const END = "end of what the command printed"

/** A shell in which commands are typed one after another, as people paste them; answers what each prints. */
export const openShell = Effect.gen(function* () {
  const shell = yield* Effect.acquireRelease(
    Effect.sync(() => spawn("sh", [], { stdio: ["pipe", "pipe", "inherit"] })),
    (child) => Effect.sync(() => child.kill("SIGKILL"))
  )
  shell.stdout.setEncoding("utf8")
  return (command: string): Promise<string> =>
    new Promise((printed) => {
      let text = ""
      const read = (chunk: string) => {
        text += chunk
        if (!text.includes(END)) return
        shell.stdout.off("data", read)
        printed(text.slice(0, text.indexOf(END)))
      }
      shell.stdout.on("data", read)
      shell.stdin.write(`${command}\necho "${END}"\n`)
    })
})

const hasOpenQuote = (text: string): boolean => text.split("'").length % 2 === 0

const ORDER_ID = /[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/gu
const OWN_ID = /^00000000-/u

/** Output with what differs from run to run made equal: times, ids, the short name of an order. */
export const masked = (output: string): string =>
  output
    .trim()
    .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/gu, "<time>")
    .replace(ORDER_ID, (id) => (OWN_ID.test(id) ? id : "<id>"))
    .replace(/(?<=order )[0-9a-f]{12}/gu, "<short id>")
