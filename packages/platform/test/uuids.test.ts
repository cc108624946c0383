import { assert, describe, it } from "@effect/vitest"
import { Uuids } from "@flowforge/platform"
import { Effect } from "effect"

describe("UUIDs", () => {
  it.effect("are of version 7 and rise, also within one millisecond", () =>
    Effect.gen(function* () {
      const { next } = yield* Uuids
      const ids = Array.from({ length: 50_000 }, next)
      for (const id of ids.slice(0, 100))
        assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/u)
      assert.isBelow(new Set(ids.map((id) => id.slice(0, 13))).size, ids.length / 10, "many share their millisecond")
      assert.isTrue(ids.every((id, n) => n === 0 || ids[n - 1]! < id))
    })
  )

  it.effect("can be given by a test", () =>
    Effect.gen(function* () {
      assert.strictEqual((yield* Uuids).next(), "mine")
    }).pipe(Effect.provideService(Uuids, { next: () => "mine" }))
  )
})
