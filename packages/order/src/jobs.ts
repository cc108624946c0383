import { Retention, type Subscriptions, Sweeper, Singleton } from "@flowforge/messaging"
import { Clock, Duration, Effect, Layer } from "effect"
import { OrderConfig } from "./config.ts"
import { IdempotencyKeys } from "./intake/idempotency-keys.ts"
import { idAt } from "./order-ids.ts"
import { Orders } from "./store.ts"

const MAX_STALLED = 1_000

/**
 * Asks for orders that should have reached their end by now: each time for the next ones, and after the last from the
 * oldest again. Those that stand still for good, behind a dead letter, hide nobody.
 */
export const stalledOrders = Effect.gen(function* () {
  const orders = yield* Orders
  const { stalledAge } = yield* OrderConfig
  let last = idAt(0)
  return Effect.gen(function* () {
    const now = yield* Clock.currentTimeMillis
    const found = yield* orders.openInTurn(last, {
      olderThan: idAt(now - Duration.toMillis(stalledAge)),
      limit: MAX_STALLED
    })
    last = found.at(-1) ?? last
    return found
  })
})

const expireKeys = Layer.effectDiscard(
  Effect.gen(function* () {
    const singleton = yield* Singleton
    const keys = yield* IdempotencyKeys
    const { idempotencyRetention } = yield* OrderConfig
    const expire = keys.expire(idempotencyRetention).pipe(Effect.repeat({ while: (forgotten) => forgotten > 0 }))
    yield* Effect.forkScoped(singleton.whileHeld(Effect.forever(Effect.andThen(expire, Effect.sleep("5 minutes")))))
  })
)

/** Periodic work, in one process at a time: re-sends what a stalled order lacks, forgets old keys, drops old partitions. */
export const jobs = (subscriptions: Subscriptions) =>
  Layer.mergeAll(
    Layer.unwrap(Effect.map(stalledOrders, (stalledKeys) => Sweeper.layer({ stalledKeys, subscriptions }))),
    Retention.layer({ openKeys: (keys) => Orders.use((orders) => orders.openAmong(keys)) }),
    expireKeys
  ).pipe(Layer.provide(Singleton.layer("order")))
