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

const hasOpenQuote = (text: string): boolean => text.split("'").length % 2 === 0

const ORDER_ID = /[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/gu
const OWN_ID = /^00000000-/u

/** Ids that a run makes itself, in the order they turn up. */
export const idsIn = (text: string): ReadonlyArray<string> => [
  ...new Set((text.match(ORDER_ID) ?? []).filter((id) => !OWN_ID.test(id)))
]

/** Output with what differs from run to run made equal: times, ids, the short name of an order. */
export const masked = (output: string): string =>
  output
    .trim()
    .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/gu, "<time>")
    .replace(ORDER_ID, (id) => (OWN_ID.test(id) ? id : "<id>"))
    .replace(/(?<=order )[0-9a-f]{12}/gu, "<short id>")
