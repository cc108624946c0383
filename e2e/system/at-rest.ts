import type { InstanceRecord } from "@flowforge/embedded"
import { layerPostgres } from "@flowforge/platform"
import { eventually } from "@flowforge/testkit"
import { type Duration, Effect, Redacted } from "effect"
import { SqlClient } from "effect/sql"

/** A connection to the database of a running system. */
export const layerDatabaseOf = (instance: Pick<InstanceRecord, "postgresUrl">) =>
  layerPostgres({ url: Redacted.make(instance.postgresUrl), applicationName: "test", maxConnections: 2 })

/** The query reads whole tables. */
const LOOK_EVERY = "50 millis"

/** Waits until every order has its end, its customer has been told, and nothing is unread, parked or owed any more. */
export const atRest = (instance: Pick<InstanceRecord, "postgresUrl">, within: Duration.Input) =>
  SqlClient.SqlClient.use((sql) =>
    eventually(
      "every order is at its end and everything that follows from it is done",
      Effect.map(
        sql<{ n: number }>`SELECT (
            (SELECT count(*) FROM orders WHERE status = 'PENDING')
            + (SELECT count(*) FROM parked_events)
            + (SELECT count(*) FROM outbox o JOIN broker_cursors c USING (topic, partition)
               WHERE (o.epoch, o.xid, o.id) > (c.epoch, c.xid, c.id))
            + (SELECT count(*) FROM outbox o JOIN relay_cursors c USING (source)
               WHERE (o.epoch, o.xid, o.id) > (c.epoch, c.xid, c.id))
            + (SELECT count(*) FROM payments WHERE next_attempt_at IS NOT NULL)
            + (SELECT count(*) FROM orders o WHERE status <> 'PENDING' AND NOT EXISTS
                (SELECT FROM notifications n WHERE n.order_id = o.id AND n.status <> 'claimed'))
            + (SELECT count(*) FROM notifications WHERE status = 'claimed')
            + (SELECT count(*) FROM orders o JOIN payments p ON p.order_id = o.id
               WHERE o.status = 'CANCELLED' AND p.status IN ('pending', 'captured'))
            + (SELECT count(*) FROM orders o JOIN reservations r ON r.order_id = o.id
               WHERE o.status = 'CANCELLED' AND r.status = 'reserved')
            + (SELECT count(*) FROM orders o JOIN payments p ON p.order_id = o.id
               WHERE p.status = 'refunded' AND NOT EXISTS
                (SELECT FROM order_history h WHERE h.order_id = o.id AND h.state = 'REFUNDED'))
          )::int AS n`,
        (rows) => rows[0]!.n === 0
      ),
      within,
      LOOK_EVERY
    )
  ).pipe(Effect.provide(layerDatabaseOf(instance)))
