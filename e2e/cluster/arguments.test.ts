import { assert, describe, it } from "@effect/vitest"
import { readArguments, WrongArguments } from "./arguments.ts"

const STAGING = ["--context", "staging", "--allow-context", "staging"]

describe("what npm run e2e is told", () => {
  it("nothing means a cluster of its own and all of it", () => {
    assert.deepStrictEqual(readArguments([]), {
      smoke: false,
      keep: false,
      context: undefined,
      image: undefined,
      nextImage: undefined,
      report: undefined,
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
    const args = readArguments([...STAGING, "--image", "shop:1", "--next-image", "shop:2"])
    assert.isTrue(args !== "help" && args.context === "staging" && args.nextImage === "shop:2")
  })

  it("another cluster needs two images by name: nothing can be loaded into it", () => {
    assert.throws(() => readArguments([...STAGING, "--image", "shop:1"]), WrongArguments, /--image and --next-image/u)
  })

  it("what nobody knows is refused with the help", () => {
    assert.throws(() => readArguments(["--fast"]), WrongArguments, /--smoke/u)
  })
})
