import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { makeInTurn } from "../src/in-turn.ts"

it.live("pieces that are asked for at once run one by one, with a turn of the event loop before each", () =>
  Effect.gen(function* () {
    const inTurn = yield* makeInTurn
    let turns = 0
    const count = () => {
      turns++
      counting = setImmediate(count)
    }
    let counting = setImmediate(count)
    yield* Effect.addFinalizer(() => Effect.sync(() => clearImmediate(counting)))

    const turnOf = yield* Effect.forEach(Array.from({ length: 20 }), () => inTurn(Effect.sync(() => turns)), {
      concurrency: "unbounded"
    })

    assert.strictEqual(new Set(turnOf).size, 20)
  }).pipe(Effect.scoped)
)
