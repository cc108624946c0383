import { assert, describe, it, layer } from "@effect/vitest"
import { crashPoints } from "@flowforge/flowforge"
import { Effect } from "effect"
import { live } from "./dying.ts"
import { deathsOf, ROUNDS, titleOf, WIPED, WITH_KAFKA } from "./rounds.ts"
import { World } from "./world.ts"

layer(World.layer(Effect.succeed({})), { excludeTestServices: true, timeout: "4 minutes" })(
  "nothing is lost and nothing repeated when",
  (it) => {
    let deadLetters = 0
    for (const [n, round] of ROUNDS.entries()) {
      if (Object.values(round).includes("consumer.buried")) deadLetters++
      const expected = { name: `round-${n}`, deadLetters }
      it.effect(titleOf(round), () => live(round, expected), 300_000)
    }
  }
)

describe("the lists of rounds", () => {
  it("name every crash point at least once: these here, and those on Kafka, which `npm test` leaves out", () => {
    const named = new Set<string>([...ROUNDS, WITH_KAFKA, WIPED].flatMap(deathsOf).map(([, point]) => point))
    assert.deepStrictEqual([...named].toSorted(), Object.keys(crashPoints).toSorted())
  })
})
