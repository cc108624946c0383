import { TooManyRequests, Unavailable } from "@flowforge/contracts"
import { Clock, Context, Duration, Effect, Layer, Metric } from "effect"
import type { SqlError } from "effect/sql"
import { OrderConfig } from "../config.ts"
import * as Metrics from "../metrics.ts"
import { idAt } from "../order-ids.ts"
import { Orders } from "../store.ts"

/** How often the open orders are counted while requests come in: milliseconds. */
const COUNT_EVERY = 1_000

/**
 * Two bounds admit orders: how many requests wait for their insert, and how many orders older than some seconds have no
 * end yet. The second is counted at most once a second, and only while somebody asks.
 */
export class Admission extends Context.Service<
  Admission,
  {
    /** `before` is how many requests came before this one and wait still. */
    readonly admit: (before: number) => Effect.Effect<void, TooManyRequests | Unavailable | SqlError.SqlError>
  }
>()("@flowforge/order/Admission") {
  static readonly layer: Layer.Layer<Admission, never, Orders | OrderConfig> = Layer.effect(
    Admission,
    Effect.gen(function* () {
      const orders = yield* Orders
      const clock = yield* Clock.Clock
      const { intakeQueue, openOrders, openAge } = yield* OrderConfig
      const age = Duration.toMillis(openAge)
      let countedAt = Number.NEGATIVE_INFINITY
      let tooManyOpen = false

      const count = Effect.gen(function* () {
        const now = clock.currentTimeMillisUnsafe()
        countedAt = now
        tooManyOpen = (yield* orders.countOpen(idAt(now - age), openOrders + 1)) > openOrders
      })

      return Admission.of({
        admit: Effect.fnUntraced(function* (before) {
          if (before >= intakeQueue) {
            yield* Metric.update(Metrics.refusedByQueue, 1)
            return yield* new TooManyRequests({ retry_after_seconds: 1 })
          }
          if (clock.currentTimeMillisUnsafe() - countedAt >= COUNT_EVERY) yield* count
          if (tooManyOpen) {
            yield* Metric.update(Metrics.refusedByOpenOrders, 1)
            return yield* new Unavailable({
              detail: "Too many orders have not reached their end yet.",
              retry_after_seconds: 5
            })
          }
        })
      })
    })
  )
}
