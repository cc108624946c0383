import { Topics } from "@flowforge/contracts"
import { Consumer, DependencyUnavailable } from "@flowforge/messaging"
import { type Duration, Effect } from "effect"
import { PaymentGateway } from "./gateway/index.ts"
import { PaymentMoves } from "./payments.ts"

/** What the payment service listens to: the step, whose effect is outside, and the way back. */
export const entries = (options: { readonly callBudget: Duration.Duration; readonly concurrency: number }) =>
  [
    Consumer.calling(Topics.orderCreated, {
      policy: { inlineBudget: options.callBudget },
      concurrency: options.concurrency,
      prepare: (deliveries) => PaymentMoves.use((moves) => moves.intend(deliveries)),
      call: (_, request) =>
        request === undefined
          ? Effect.succeed(undefined)
          : PaymentGateway.use((gateway) => gateway.capture(request)).pipe(
              // Silence speaks against the gateway as much as a refusal: the circuit has to count it.
              Effect.catchTag("OutcomeUnknown", ({ reason }) =>
                Effect.fail(new DependencyUnavailable({ dependency: "payment gateway", reason }))
              )
            ),
      record: (results) =>
        PaymentMoves.use((moves) =>
          moves.learn(
            results.flatMap(({ delivery, result }) =>
              result === undefined ? [] : [{ orderId: delivery.event.order.order_id, event: result, cause: delivery }]
            )
          )
        )
    }),
    Consumer.inDatabase(Topics.orderCancelled, {
      handle: (deliveries) => PaymentMoves.use((moves) => moves.cancel(deliveries))
    })
  ] as const
