import { type OrderCancelled, type OrderCreated, type OrderId, Topics } from "@flowforge/contracts"
import { type Delivery, type Message, Outbox, Wakeups } from "@flowforge/messaging"
import { layerTestDatabase } from "@flowforge/testkit"
import { Effect, Layer, Schema } from "effect"
import { SqlClient } from "effect/sql"
import { SettlementBell } from "../src/bell.ts"
import { PaymentConfig } from "../src/config.ts"
import { PaymentGateway } from "../src/gateway/index.ts"
import { PaymentMoves } from "../src/payments.ts"
import { Payments } from "../src/store.ts"
import { Company } from "./company.ts"
import { cancelled, created } from "./payments.ts"

/** The moves on a database of their own, with a company in memory: no consumer and no worker runs by itself. */
export const layerMoves = PaymentMoves.layer.pipe(
  Layer.provideMerge([Payments.layerPostgres, SettlementBell.layer, PaymentConfig.layer, Outbox.layer("payment")]),
  Layer.provideMerge([Wakeups.layer, Company.layer]),
  Layer.provideMerge(layerTestDatabase)
)

const decodeCreated = Schema.decodeUnknownSync(Schema.fromJsonString(Topics.orderCreated.schema))
const decodeCancelled = Schema.decodeUnknownSync(Schema.fromJsonString(Topics.orderCancelled.schema))

const delivery = <E>(message: Message, decode: (text: string) => E): Delivery<E> => ({
  topic: message.topic,
  partition: 0,
  offset: "0",
  key: message.key,
  eventId: message.eventId,
  event: decode(new TextDecoder().decode(message.value)),
  attempt: 1,
  traceparent: undefined,
  record: { topic: message.topic, partition: 0, offset: "0", key: message.key, value: message.value, headers: {} }
})

export const deliveryOfCreated = (orderId: OrderId, token?: string): Delivery<OrderCreated> =>
  delivery(created(orderId, token), decodeCreated)

export const deliveryOfCancelled = (orderId: OrderId): Delivery<OrderCancelled> =>
  delivery(cancelled(orderId), decodeCancelled)

/** Captured orders whose cancellation has arrived: each is owed a refund. */
export const oweRefunds = (orders: ReadonlyArray<OrderId>) =>
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    const moves = yield* PaymentMoves
    const gateway = yield* PaymentGateway
    const requests = yield* sql.withTransaction(moves.intend(orders.map((order) => deliveryOfCreated(order))))
    const news = yield* Effect.forEach(requests, (request) =>
      Effect.map(gateway.capture(request!), (event) => ({ orderId: request!.orderId, event, cause: undefined }))
    )
    yield* sql.withTransaction(moves.learn(news))
    yield* sql.withTransaction(moves.cancel(orders.map(deliveryOfCancelled)))
  })
