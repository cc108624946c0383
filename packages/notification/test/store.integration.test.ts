import { assert, layer } from "@effect/vitest"
import type { NotificationId, OrderId, UserId } from "@flowforge/contracts"
import { layerTestDatabase, rowsRead } from "@flowforge/testkit"
import { Effect, Layer } from "effect"
import { v7 } from "uuid"
import { NotificationStore, type Wanted } from "../src/store.ts"
import { addUser } from "./world.ts"

const wantedBy = (userId: UserId): Wanted => ({
  orderId: v7() as OrderId,
  userId,
  emailId: v7() as NotificationId,
  smsId: v7() as NotificationId
})

const receiptOf = ({ orderId }: Wanted) => ({ orderId, key: `receipts/${orderId}`, sha256: new Uint8Array(32) })

/** Fifty orders whose customers have a receipt and a mail that is claimed. */
const claimFifty = Effect.gen(function* () {
  const store = yield* NotificationStore
  const user = yield* addUser({})
  const claimed = Array.from({ length: 50 }, () => wantedBy(user))
  yield* store.claim("confirmed", claimed)
  yield* store.settle({ receipts: claimed.map(receiptOf), outcomes: [], returned: [] })
  return { store, user, claimed }
})

layer(NotificationStore.layerPostgres.pipe(Layer.provideMerge(layerTestDatabase)), { excludeTestServices: true })(
  "the notifications",
  (it) => {
    it.effect("are claimed by reading their own customers and receipts, however many others there are", () =>
      Effect.gen(function* () {
        const { claimed, store, user } = yield* claimFifty
        for (let n = 0; n < 20; n++) yield* addUser({})
        const claim = store.claim("confirmed", [claimed[0]!, wantedBy(user)])
        assert.isAtMost(yield* rowsRead("receipts", claim), 1)
        assert.isAtMost(yield* rowsRead("users", claim), 2)
      })
    )

    it.effect("are settled, or returned, by reading them alone, however many others are claimed", () =>
      Effect.gen(function* () {
        const { claimed, store } = yield* claimFifty
        const outcomes = claimed.slice(0, 2).map(({ emailId: id }) => ({ id, status: "sent" as const, error: "" }))
        const returned = claimed.slice(2, 3).map(({ emailId }) => emailId)
        const settle = Effect.tap(store.settle({ receipts: [], outcomes, returned }), (settled) =>
          Effect.sync(() => assert.strictEqual(settled.length, 2))
        )
        // Each of the two is read to be found and to be changed.
        assert.isAtMost(yield* rowsRead("notifications", settle), 5)
      })
    )
  }
)
