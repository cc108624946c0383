import { assert, layer } from "@effect/vitest"
import type { ItemId } from "@flowforge/contracts"
import { Context, Effect, Exit } from "effect"
import { SqlClient } from "effect/sql"
import { Catalogue } from "../src/catalogue.ts"
import { Admission } from "../src/intake/admission.ts"
import { layerOutside, place, startByTestClock } from "./orders.ts"

const NOW = Date.UTC(2099, 0)
const BEFORE = Date.UTC(2098, 0)

layer(layerOutside, { excludeTestServices: true })("a clock that is set back", (it) => {
  it.effect("keeps no prices longer than they may be kept", () =>
    Effect.gen(function* () {
      const { clock, useCases } = yield* startByTestClock()
      const { prices } = Context.get(useCases, Catalogue)
      const sql = yield* SqlClient.SqlClient
      const item = 5 as ItemId
      yield* clock.setTime(NOW)
      assert.strictEqual((yield* prices([item])).get(item), 1)
      yield* sql`UPDATE items SET price = 2 WHERE id = ${item}`
      yield* clock.setTime(BEFORE)
      yield* clock.adjust("5 seconds")
      assert.strictEqual((yield* prices([item])).get(item), 2)
    }).pipe(Effect.scoped)
  )

  it.effect("keeps the intake closed no longer than there are too many open orders", () =>
    Effect.gen(function* () {
      const { clock, useCases } = yield* startByTestClock({ ORDER_OPEN_ORDERS: "1", ORDER_OPEN_AGE: "0 millis" })
      const { admit, refusal } = Context.get(useCases, Admission)
      const sql = yield* SqlClient.SqlClient
      yield* clock.setTime(NOW)
      for (let n = 0; n < 2; n++) yield* Effect.provide(place(), useCases)
      yield* clock.adjust("1 second")
      assert.isTrue(Exit.isFailure(yield* Effect.exit(admit(0))))
      assert.isDefined(refusal(0))
      yield* sql`UPDATE orders SET status = 'CONFIRMED'`
      yield* clock.setTime(BEFORE)
      yield* clock.adjust("1 second")
      assert.isUndefined(refusal(0))
      yield* admit(0)
    }).pipe(Effect.scoped)
  )
})
