import { assert, describe, it } from "@effect/vitest"
import { optionsFrom } from "./options.ts"
import { withSections } from "./page.ts"

const page = "# Benchmarks\n\nold\n\n## Gates\n\nold gates\n\n## The full stack\n\nold stack\n"

describe("the page of the benches", () => {
  it("takes a section in the place of the one with its heading, and keeps what other benches wrote", () => {
    const written = withSections(page, "## The full stack\n\nnew stack\n\n### Part\n\nof it\n")
    assert.strictEqual(
      written,
      "# Benchmarks\n\nold\n\n## Gates\n\nold gates\n\n## The full stack\n\nnew stack\n\n### Part\n\nof it\n"
    )
  })

  it("takes a whole page, title included, and keeps the sections that it does not have", () => {
    const written = withSections(page, "# Benchmarks\n\nnew\n\n## Gates\n\nnew gates\n")
    assert.strictEqual(written, "# Benchmarks\n\nnew\n\n## Gates\n\nnew gates\n\n## The full stack\n\nold stack\n")
  })

  it("gets a section that it has not had at its end", () => {
    assert.strictEqual(withSections(page, "## Peers\n\nnew\n"), `${page}\n## Peers\n\nnew\n`)
  })
})

describe("what a bench is asked for", () => {
  it("is the embedded system unless --real is given, with rounds and seconds of its own", () => {
    assert.deepStrictEqual(optionsFrom([]), { what: "embedded", rounds: 3, seconds: 20, only: undefined })
    assert.deepStrictEqual(optionsFrom(["--real", "--rounds", "1", "--only", "kills"]), {
      what: "real",
      rounds: 1,
      seconds: 8,
      only: "kills"
    })
    assert.deepStrictEqual(optionsFrom(["--real", "--peers", "--seconds", "5"]), {
      what: "peers",
      rounds: 3,
      seconds: 5,
      only: undefined
    })
  })

  it("is said to be wrong, by name", () => {
    assert.include(optionsFrom(["--only", "kills"]), "--only is one of chain, terminal")
    assert.include(optionsFrom(["--real", "--only", "hot"]), "--only is one of drain, chain")
    assert.include(optionsFrom(["--peers"]), "--peers goes with --real")
    assert.include(optionsFrom(["--rounds", "none"]), "--rounds must be a whole number")
    assert.include(optionsFrom(["--swift"]), "--swift")
  })
})
