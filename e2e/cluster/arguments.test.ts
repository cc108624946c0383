import { assert, describe, it } from "@effect/vitest"
import { readArguments, WrongArguments } from "./arguments.ts"

describe("what npm run e2e is told", () => {
  it("nothing means a cluster of its own and all of it", () => {
    assert.deepStrictEqual(readArguments([]), {
      smoke: false,
      keep: false,
      context: undefined,
      image: undefined,
      only: []
    })
  })

  it("a kind cluster may be used as it is", () => {
    const args = readArguments(["--context", "kind-dev", "--smoke", "stories"])
    assert.isTrue(args !== "help" && args.context === "kind-dev" && args.smoke)
    assert.deepStrictEqual(args !== "help" && args.only, ["stories"])
  })

  it.each([[["--context", "production"]], [["--context", "production", "--allow-context", "staging"]]])(
    "another cluster is refused without its own name typed twice (%s)",
    (given) => {
      assert.throws(() => readArguments(given), WrongArguments, /--allow-context production/u)
    }
  )

  it("another cluster is used when its name is typed twice", () => {
    const args = readArguments(["--context", "staging", "--allow-context", "staging"])
    assert.isTrue(args !== "help" && args.context === "staging")
  })

  it("what nobody knows is refused with the help", () => {
    assert.throws(() => readArguments(["--fast"]), WrongArguments, /--smoke/u)
  })
})
