import { EventId, type OrderId, Topics } from "@flowforge/contracts"
import { type Cause, message, Outbox } from "@flowforge/messaging"
import { Uuids } from "@flowforge/platform"
import { Context, DateTime, type Duration, Effect, Layer, Metric } from "effect"
import { SqlClient, type SqlError } from "effect/sql"
import { channelOf } from "./domain.ts"
import { notifications } from "./metrics.ts"
import { NotificationStore, type Results, type Settled } from "./store.ts"

/** Settles notifications and says so, together and once: whoever settles a row announces it. */
export class Settlements extends Context.Service<
  Settlements,
  {
    /** In the caller's transaction. `causeOf` names the delivery that an order's events go back to. */
    readonly settle: (
      results: Results,
      causeOf: (orderId: OrderId) => Cause | undefined
    ) => Effect.Effect<void, SqlError.SqlError>
    /** Settles claims that never got a result as unknown, at most so many. Answers how many. */
    readonly giveUpStale: (olderThan: Duration.Duration, limit: number) => Effect.Effect<number, SqlError.SqlError>
  }
>()("@flowforge/notification/Settlements") {
  static readonly layer: Layer.Layer<Settlements, never, NotificationStore | Outbox | SqlClient.SqlClient> =
    Layer.effect(
      Settlements,
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        const store = yield* NotificationStore
        const outbox = yield* Outbox
        const uuids = yield* Uuids

        const announce = Effect.fnUntraced(function* (
          settled: ReadonlyArray<Settled>,
          causeOf: (orderId: OrderId) => Cause | undefined
        ) {
          if (settled.length === 0) return
          const timestamp = DateTime.formatIso(yield* DateTime.now)
          yield* outbox.append(
            settled.map(({ id, kind, orderId, status }) =>
              message(
                Topics.notificationSent,
                {
                  event_id: EventId.make(uuids.next()),
                  event_type: "notification.sent",
                  timestamp,
                  order_id: orderId,
                  notification_id: id,
                  type: channelOf(kind),
                  status
                },
                causeOf(orderId)
              )
            )
          )
          yield* sql.afterCommit(publish(settled))
        })

        return Settlements.of({
          settle: Effect.fnUntraced(function* (results, causeOf) {
            yield* announce(yield* store.settle(results), causeOf)
          }),
          giveUpStale: (olderThan, limit) =>
            sql.withTransaction(
              Effect.gen(function* () {
                const settled = yield* store.giveUpStale(olderThan, limit)
                yield* announce(settled, () => undefined)
                return settled.length
              })
            )
        })
      })
    )
}

/** Counts what was settled, and logs what did not reach its customer. */
const publish = Effect.fnUntraced(function* (settled: ReadonlyArray<Settled>) {
  const counts = new Map<string, { readonly kind: string; readonly status: string; count: number }>()
  for (const { id, kind, orderId, status } of settled) {
    const key = `${kind} ${status}`
    const entry = counts.get(key)
    if (entry === undefined) counts.set(key, { kind, status, count: 1 })
    else entry.count += 1
    if (status === "sent") continue
    yield* Effect.logWarning(
      status === "failed" ? "a notification was refused" : "nobody can know whether a notification was sent"
    ).pipe(Effect.annotateLogs({ order_id: orderId, notification_id: id, kind }))
  }
  for (const { count, kind, status } of counts.values()) {
    yield* Metric.update(Metric.withAttributes(notifications, { kind, status }), count)
  }
})
