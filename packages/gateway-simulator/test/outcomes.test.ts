import { assert, describe, it } from "@effect/vitest"
import { outcomeOf } from "../src/outcomes.ts"

describe("tok_load", () => {
  it("declines three in a hundred references, which can be counted beforehand", () => {
    const declined = Array.from({ length: 100_000 }, (_, n) => outcomeOf("tok_load", `order-${n}`)).filter(
      ({ kind }) => kind === "declined"
    )
    assert.closeTo(declined.length, 3_000, 200)
  })
})
