import { assert, layer } from "@effect/vitest"
import { layerTestDatabase } from "@flowforge/testkit"
import { Wakeups } from "@flowforge/messaging"
import { Effect, Layer } from "effect"
import { loadCursor, moveAndRead, moveCursor } from "../../src/relay/cursor.ts"
import { BEGINNING, readAfter } from "../../src/relay/rows.ts"
import { appendTo } from "../appending.ts"
import { eventually } from "../eventually.ts"
import { note, textOf } from "../messages.ts"

/** The rows of a source, once no older transaction of the server is at work. */
const settled = (source: string, count: number) =>
  Effect.map(
    eventually(readAfter(source, BEGINNING, 10), ({ rows }) => rows.length === count),
    ({ rows }) => rows
  )

const at = (epoch: number, xid: string, id: string) => ({ epoch, xid, id })

layer(Layer.mergeAll(layerTestDatabase, Wakeups.layer), { excludeTestServices: true })("The relay's cursor", (it) => {
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

  it.effect("moves and reads on in one statement, from the same place or from one further on", () =>
    Effect.gen(function* () {
      yield* loadCursor("reading")
      yield* appendTo("reading", note("k", "a"), note("k", "b"), note("k", "c"))
      const [a, b, c] = yield* settled("reading", 3)
      const first = yield* moveAndRead("reading", a!.position, a!.position, 10)
      assert.deepStrictEqual(first, { moved: true, ahead: { rows: [b!, c!], hides: false } })
      const further = yield* moveAndRead("reading", b!.position, c!.position, 10)
      assert.deepStrictEqual(further, { moved: true, ahead: { rows: [], hides: false } })
      assert.deepStrictEqual((yield* loadCursor("reading")).position, b!.position)
    })
  )

  it.effect("reads, but stays, where it is further than it is to be moved", () =>
    Effect.gen(function* () {
      yield* loadCursor("further")
      yield* appendTo("further", note("k", "a"), note("k", "b"))
      const [a, b] = yield* settled("further", 2)
      yield* moveCursor("further", b!.position)
      const read = yield* moveAndRead("further", a!.position, a!.position, 10)
      assert.isFalse(read.moved)
      assert.deepStrictEqual(
        read.ahead.rows.map((row) => textOf(row.message)),
        ["b"]
      )
      assert.deepStrictEqual((yield* loadCursor("further")).position, b!.position)
    })
  )
})
