import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { type PlantedBug, plantedIn } from "../planted-bugs/bug.ts"
import { bugs } from "../planted-bugs/bugs/index.ts"
import { renderPage, rowsIn } from "../planted-bugs/report.ts"

const root = join(import.meta.dirname, "../..")

describe("planted bugs", () => {
  it.each(bugs.map((bug) => [bug.name, bug] as const))("%s can still be planted, at one place", (_, bug) => {
    assert.notStrictEqual(plantedIn(root, bug), readFileSync(join(root, bug.file), "utf8"))
    for (const file of bug.tests) assert.isTrue(existsSync(join(root, file)), file)
  })

  it("are all on the page that says what noticed them, and no others", () => {
    const page = readFileSync(join(root, "docs/planted-bugs.md"), "utf8")
    assert.deepStrictEqual(
      [...rowsIn(page).keys()],
      bugs.map(({ name }) => name)
    )
  })

  it("lose their row when they survive, and keep it when they are not tried", () => {
    const [first, second, third] = bugs as [PlantedBug, PlantedBug, PlantedBug]
    const red = { file: "a.test.ts", title: "a | b", reason: "" }
    const tried = (...some: ReadonlyArray<PlantedBug>) => ({ caught: some.map((bug) => ({ bug, red })), survivors: [] })
    const before = renderPage("", bugs, tried(first, second))
    const after = renderPage(before, bugs, { ...tried(third), survivors: [first] })
    assert.deepStrictEqual([...rowsIn(before).keys()], [first.name, second.name])
    assert.deepStrictEqual([...rowsIn(after).keys()], [second.name, third.name])
    assert.include(after, "`a.test.ts`: a \\| b")
  })

  it("are refused when their text is gone, or there twice", () => {
    const bug = { ...bugs[0]!, text: "no such text anywhere" }
    assert.throws(() => plantedIn(root, bug), `${bug.name} is not planted: ${bug.file} no longer has its text`)
    assert.throws(() => plantedIn(root, { ...bug, text: "import" }), /more than once/u)
  })
})
