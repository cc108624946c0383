import { ItemId, UserId } from "@flowforge/contracts"
import { eventually } from "@flowforge/testkit"
import { Effect } from "effect"
import { FlowForge } from "../system/client.ts"

/** Places an order and waits until it is confirmed; answers its id. */
export const firstConfirmed = (at: { readonly publicUrl: string; readonly managementUrl: string }) =>
  FlowForge.use(({ api }) =>
    Effect.gen(function* () {
      const { body } = yield* api.orders.place({
        headers: {},
        payload: {
          user_id: UserId.make("00000000-0000-7000-8000-000000000001"),
          items: [{ item_id: ItemId.make(1), quantity: 1 }],
          payment_info: { method: "card", token: "tok_ok" }
        }
      })
      const { order_id } = body
      yield* eventually(
        "the first order is confirmed",
        Effect.map(api.orders.get({ params: { order_id } }), ({ status }) => status === "CONFIRMED")
      )
      return order_id
    })
  ).pipe(Effect.provide(FlowForge.layer(at)))
