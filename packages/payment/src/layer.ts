import { Topics } from "@flowforge/contracts"
import { Consumer, Outbox, Singleton } from "@flowforge/messaging"
import { Duration, Effect, Layer } from "effect"
import { SettlementBell } from "./bell.ts"
import { PaymentConfig } from "./config.ts"
import { entries } from "./consumers.ts"
export { settings } from "./config.ts"
export { points as crashPoints } from "./crash-points.ts"
import { layerHttp } from "./gateway/index.ts"
import { PaymentMoves } from "./payments.ts"
import { settling } from "./settlements.ts"
import { Payments } from "./store.ts"
import { surveying } from "./survey.ts"

const inside = PaymentMoves.layer.pipe(
  Layer.provideMerge(Layer.mergeAll(Payments.layerPostgres, SettlementBell.layer, PaymentConfig.layer)),
  Layer.provide(Outbox.layer("payment"))
)

/** What the group `payment` reads, for the sweeper. */
export const subscription = { group: "payment", topics: [Topics.orderCreated.name, Topics.orderCancelled.name] }

/** The gateway at this address, within the bounds of the configuration. */
export const layerGateway = (url: string) =>
  Layer.unwrap(
    Effect.map(PaymentConfig, ({ gatewayTimeout, gatewayConnections }) =>
      layerHttp({ url, timeout: gatewayTimeout, connections: gatewayConnections })
    )
  ).pipe(Layer.provide(PaymentConfig.layer))

/** A member of the consumer group `payment`. Outside: SqlClient, Broker, Wakeups, PaymentGateway. */
export const layerConsumers = Layer.unwrap(
  Effect.map(PaymentConfig, ({ batchLinger, batchSize, gatewayConnections, gatewayTimeout }) =>
    Consumer.layer({
      group: subscription.group,
      // The gateway's own time limit comes first, so that a late answer is told from a hanging handler.
      entries: entries({
        callBudget: Duration.sum(gatewayTimeout, Duration.millis(200)),
        concurrency: gatewayConnections
      }),
      maxBatch: batchSize,
      linger: batchLinger
    })
  )
).pipe(Layer.provide(inside))

/** In one process at a time: settles voids and refunds, and shows what is owed. Outside: SqlClient, Wakeups, PaymentGateway. */
export const layerJobs = Layer.effectDiscard(
  Effect.gen(function* () {
    const singleton = yield* Singleton
    yield* Effect.forkScoped(singleton.whileHeld(settling))
    yield* Effect.forkScoped(singleton.whileHeld(surveying))
  })
).pipe(Layer.provide(Singleton.layer("payment")), Layer.provide(inside))
