import { assert, describe, it } from "@effect/vitest"
import { blocksOf, commandsInText, namesIn, readPage, TRIAL, UnknownBlock } from "./page.ts"
import { GIVEN } from "./reader.ts"

const page = readPage()
const blocks = blocksOf(page)
const commandsOf = (use: string) => blocks.filter((block) => block.use === use).map(({ commands }) => commands)

describe("the commands of docs/kubernetes.md", () => {
  it("all are run by the e2e but those that need an account somewhere else", () => {
    assert.deepStrictEqual(commandsOf("account"), ['docker push "$IMAGE"'])
    assert.isAbove(commandsOf("run").length, 10)
  })

  it("the first ones are those that try it, in a cluster that they make and remove", () => {
    assert.deepStrictEqual(
      blocks
        .filter(({ section }) => section === TRIAL)
        .map(({ commands }) => commands.split(" ").slice(0, 3).join(" ")),
      ["npm run cluster:up", "npm run cluster:down"]
    )
  })

  it("what a reader puts in is known to the test, name by name", () => {
    const asked = blocks.filter(({ use }) => use === "yours").flatMap(namesIn)
    assert.deepStrictEqual(asked.toSorted(), [...GIVEN].toSorted())
  })

  it("a command within a sentence is one of those that are run", () => {
    const run = commandsOf("run").join("\n")
    const others = commandsInText(page).filter((command) => !run.includes(command))
    assert.deepStrictEqual([...new Set(others)].toSorted(), ["npm run e2e", "npm run e2e -- --smoke"])
  })
})

describe("a page's blocks", () => {
  it("know their section, their line and what becomes of them", () => {
    const text = "## One\n\n```sh\nls\n```\n\n## Two\n```sh yours\nexport A=1 B=2\n```\n```text\nno\n```"
    const found = blocksOf(text)
    assert.deepStrictEqual(found, [
      { use: "run", section: "One", line: 4, commands: "ls" },
      { use: "yours", section: "Two", line: 9, commands: "export A=1 B=2" }
    ])
    assert.deepStrictEqual(namesIn(found[1]!), ["A", "B"])
  })

  it("are refused where nobody knows what to do with one", () => {
    assert.throws(() => blocksOf("```\nls\n```"), UnknownBlock, /line 1/u)
  })
})
