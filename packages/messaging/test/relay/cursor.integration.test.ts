import { assert, layer } from "@effect/vitest"
import { layerTestDatabase } from "@flowforge/testkit"
import { Effect } from "effect"
import { loadCursor, moveCursor } from "../../src/relay/cursor.ts"

const at = (epoch: number, xid: string, id: string) => ({ epoch, xid, id })

layer(layerTestDatabase, { excludeTestServices: true })("The relay's cursor", (it) => {
  it.effect("begins before everything, on no cluster, and stays where it was moved", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* loadCursor("new"), { position: at(0, "0", "0"), clusterId: null })
      assert.isTrue(yield* moveCursor("new", at(1, "18446744073709551615", "9223372036854775807")))
      assert.deepStrictEqual((yield* loadCursor("new")).position, at(1, "18446744073709551615", "9223372036854775807"))
    })
  )

  it.effect("is never taken back, by a relay that does not know yet that it lost its lock", () =>
    Effect.gen(function* () {
      yield* loadCursor("contended")
      assert.isTrue(yield* moveCursor("contended", at(1, "100", "20")))
      for (const earlier of [at(1, "100", "20"), at(1, "99", "50"), at(0, "1000", "50")]) {
        assert.isFalse(yield* moveCursor("contended", earlier))
      }
      assert.deepStrictEqual((yield* loadCursor("contended")).position, at(1, "100", "20"))
      assert.isTrue(yield* moveCursor("contended", at(2, "5", "1")))
    })
  )
})
