import { TooManyRequests, Unavailable } from "@flowforge/contracts"
import { monotonicMillis } from "@flowforge/messaging"
import { type Problem, problems } from "@flowforge/platform/http"
import { Clock, Context, Duration, Effect, Layer, Metric } from "effect"
import type { SqlError } from "effect/sql"
import { OrderConfig } from "../config.ts"
import * as Metrics from "../metrics.ts"
import { idAt } from "../order-ids.ts"
import { Orders } from "../store.ts"
import { afterLook, noPressure } from "./overload.ts"

/** How often the open orders are looked at while requests come in: milliseconds. */
const LOOK_EVERY = 250
/** How many of the oldest are followed from one look to the next. */
const FOLLOWED = 20

/** A bound that is reached: what the customer is told, and which counter counts it. */
interface Closed {
  readonly detail: string
  readonly retryAfterSeconds: number
  readonly count: Metric.Counter<number>
}

const OVERLOAD: Closed = {
  detail: "More orders arrive than can be carried out.",
  retryAfterSeconds: 1,
  count: Metrics.refusedByOverload
}
const TOO_MANY_OPEN: Closed = {
  detail: "Too many orders have not reached their end yet.",
  retryAfterSeconds: 5,
  count: Metrics.refusedByOpenOrders
}

/**
 * Bounds admit orders: how many requests wait for their insert, and how many orders have no end yet; of these few may be
 * late while orders come to their end (more would be overload), and many during an outage. They are looked at four times
 * a second, and only while somebody asks.
 */
export class Admission extends Context.Service<
  Admission,
  {
    /** `before` is how many requests came before this one and wait still. */
    readonly admit: (before: number) => Effect.Effect<void, TooManyRequests | Unavailable | SqlError.SqlError>
    /** What an order is refused with unseen: too many `underWay` to wait or be inserted, or closed since the last look. */
    readonly refusal: (underWay: number) => Problem | undefined
  }
>()("@flowforge/order/Admission") {
  static readonly layer: Layer.Layer<Admission, never, Orders | OrderConfig> = Layer.effect(
    Admission,
    Effect.gen(function* () {
      const orders = yield* Orders
      const context = yield* Effect.context<never>()
      const clock = yield* Clock.Clock
      const { intakeBatch, intakeQueue, lateAge, lateOrders, openAge, openOrders } = yield* OrderConfig
      let lookedAt = Number.NEGATIVE_INFINITY
      let pressure = noPressure
      let tooManyOpen = false

      const look = Effect.gen(function* () {
        const now = monotonicMillis(clock)
        lookedAt = now
        // What has an id by the time of day is compared with that; everything else is how long ago.
        const today = clock.currentTimeMillisUnsafe()
        const before = (age: Duration.Duration) => idAt(today - Duration.toMillis(age))
        tooManyOpen = (yield* orders.countOpen(before(openAge), openOrders + 1)) > openOrders
        const late = yield* orders.countOpen(before(lateAge), openOrders)
        // Where none is late, nothing more is asked: those that are followed were.
        const stillOpen = late === 0 ? 0 : (yield* orders.openAmong(pressure.followed)).length
        const oldest = late === 0 ? [] : yield* orders.openOlderThan(before(lateAge), FOLLOWED)
        pressure = afterLook(pressure, { now, late, oldest, stillOpen }, lateOrders)
      })

      const isLookDue = () => monotonicMillis(clock) - lookedAt >= LOOK_EVERY
      const closed = (): Closed | undefined =>
        pressure.isOverload ? OVERLOAD : tooManyOpen ? TOO_MANY_OPEN : undefined

      return Admission.of({
        refusal: (underWay) => {
          if (underWay >= intakeQueue + intakeBatch) {
            Metrics.refusedByQueue.updateUnsafe(1, context)
            return problems.tooManyRequests
          }
          const found = isLookDue() ? undefined : closed()
          if (found === undefined) return undefined
          found.count.updateUnsafe(1, context)
          return problems.unavailable(found.detail, found.retryAfterSeconds)
        },
        admit: Effect.fnUntraced(function* (before) {
          if (before >= intakeQueue) {
            yield* Metric.update(Metrics.refusedByQueue, 1)
            return yield* new TooManyRequests({ retry_after_seconds: 1 })
          }
          if (isLookDue()) yield* look
          const found = closed()
          if (found === undefined) return
          yield* Metric.update(found.count, 1)
          return yield* new Unavailable({ detail: found.detail, retry_after_seconds: found.retryAfterSeconds })
        })
      })
    })
  )
}
