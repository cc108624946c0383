import { Duration, Effect, Layer, Metric } from "effect"
import { SqlClient } from "effect/sql"
import { Singleton } from "../singleton.ts"
import { pairsOf, type Subscriptions } from "../subscriptions.ts"
import { Wakeups } from "../wakeups.ts"

export interface SweeperOptions<E = never, R = never> {
  /**
   * Keys that should have moved on by now and have not; a bounded number, and where there are more, the next ones each
   * time. Only the caller can know.
   */
  readonly stalledKeys: Effect.Effect<ReadonlyArray<string>, E, R>
  /** Who must have handled what. */
  readonly subscriptions: Subscriptions
  /** Time between two sweeps. Default 15 seconds. */
  readonly every?: Duration.Input
  /** The age from which an event counts as lost; doubled with every copy sent, up to 64 times. Default one minute. */
  readonly after?: Duration.Input
}

const stalled = Metric.gauge("flowforge_stalled_keys", { description: "Keys that stand still, at the last sweep" })
const resent = Metric.counter("flowforge_sweeper_resent_total", {
  description: "Copies of events sent again because a subscribed group had no delivery record",
  incremental: true
})

/** Copies in one sweep, and keys looked at: what is left is for a later one. */
const MAX_COPIES = 500
const MAX_KEYS = 1_000

/**
 * Appends a copy (same event id, for that group alone) of each event of these keys that a subscribed group has no
 * delivery record for. Only events that have been on their way: published by their relay, or passed by the group's
 * cursor of the embedded broker. What is parked or dead has a delivery record, so it stays where it is. Answers how many.
 */
export const resend = Effect.fnUntraced(function* (
  keys: ReadonlyArray<string>,
  options: { readonly subscriptions: Subscriptions; readonly after?: Duration.Input }
) {
  const sql = yield* SqlClient.SqlClient
  const wakeups = yield* Wakeups
  const { groups, topics } = pairsOf(options.subscriptions)
  const copies = yield* sql.unsafe<{ topic: string }>(
    `WITH lacking AS (
       SELECT DISTINCT ON (s.consumer_group, o.event_id) s.consumer_group, o.*
         FROM outbox o JOIN unnest($2::text[], $3::text[]) AS s (consumer_group, topic) ON s.topic = o.topic
        WHERE o.key = ANY($1::text[])
          AND NOT EXISTS (SELECT FROM processed_events p
                           WHERE p.consumer_group = s.consumer_group AND p.event_id = o.event_id)
          AND (EXISTS (SELECT FROM relay_cursors c
                        WHERE c.source = o.source AND (o.epoch, o.xid, o.id) <= (c.epoch, c.xid, c.id))
            OR EXISTS (SELECT FROM broker_cursors c
                        WHERE c.consumer_group = s.consumer_group AND c.topic = o.topic
                          AND c.partition = o.partition AND (o.epoch, o.xid, o.id) <= (c.epoch, c.xid, c.id)))
          AND (SELECT max(sent.created_at) + $4::int * interval '1 ms' * least(2 ^ (count(*) - 1), 64) < now()
                 FROM outbox sent WHERE sent.key = o.key AND sent.event_id = o.event_id)
        ORDER BY s.consumer_group, o.event_id, o.epoch, o.xid, o.id
     )
     INSERT INTO outbox (source, topic, partition, key, event_id, value, headers)
     SELECT source, topic, partition, key, event_id, value,
            convert_to((convert_from(headers, 'UTF8')::jsonb
              || jsonb_build_object('flowforge-target-group', consumer_group))::text, 'UTF8')
       FROM lacking ORDER BY epoch, xid, id LIMIT ${MAX_COPIES}
     RETURNING topic`,
    [keys, groups, topics, Duration.toMillis(Duration.fromInputUnsafe(options.after ?? "1 minute"))]
  )
  if (copies.length > 0) yield* wakeups.notify(new Set(copies.map((copy) => copy.topic)))
  return copies.length
})

/** Asks for the keys that stand still and re-sends what they lack, once. */
export const sweep = Effect.fnUntraced(function* <E, R>(options: SweeperOptions<E, R>) {
  const keys = (yield* options.stalledKeys).slice(0, MAX_KEYS)
  yield* Metric.update(stalled, keys.length)
  if (keys.length === 0) return 0
  const copies = yield* resend(keys, options)
  if (copies > 0) {
    yield* Metric.update(resent, copies)
    yield* Effect.logWarning("sent events again to groups that lack them").pipe(
      Effect.annotateLogs({ stalled_keys: keys.length, events: copies })
    )
  }
  return copies
})

/** Sweeps in one process at a time, for as long as the Layer lives. */
export const layer = <E, R>(
  options: SweeperOptions<E, R>
): Layer.Layer<never, never, R | Singleton | SqlClient.SqlClient | Wakeups> =>
  Layer.effectDiscard(
    Effect.gen(function* () {
      const singleton = yield* Singleton
      const pause = Effect.sleep(options.every ?? "15 seconds")
      yield* Effect.forkScoped(singleton.whileHeld(Effect.forever(Effect.andThen(pause, sweep(options)))))
    })
  )
