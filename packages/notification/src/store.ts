import type { ItemId, NotificationId, OrderId, OrderStatus, UserId } from "@flowforge/contracts"
import { Context, Duration, Effect, Layer } from "effect"
import { SqlClient, type SqlError } from "effect/sql"
import type { EarlierClaim, End, Kind, Outcome } from "./domain.ts"

/** An order that reached its end, and the ids its notifications get if they are claimed now. */
export interface Wanted {
  readonly orderId: OrderId
  readonly userId: UserId
  readonly emailId: NotificationId
  readonly smsId: NotificationId
}

/** Whom to tell, what was claimed just now, and what before. */
export interface Claims {
  readonly name: string
  readonly email: string
  readonly phone: string | null
  readonly hasReceipt: boolean
  /** The ids given in that were claimed under now: of two events about one order in a batch, one of them gets it. */
  readonly mine: ReadonlyArray<NotificationId>
  readonly earlier: ReadonlyArray<EarlierClaim>
}

export interface StoredReceipt {
  readonly orderId: OrderId
  readonly key: string
  readonly sha256: Uint8Array
}

/** What became of sendings; `returned` claims were never sent and are free again. */
export interface Results {
  readonly receipts: ReadonlyArray<StoredReceipt>
  readonly outcomes: ReadonlyArray<Outcome>
  readonly returned: ReadonlyArray<NotificationId>
}

export interface Settled {
  readonly orderId: OrderId
  readonly id: NotificationId
  readonly kind: Kind
  readonly status: Outcome["status"]
}

export interface ReceiptLine {
  readonly itemId: number
  readonly name: string
  readonly quantity: number
  readonly price: number
}

/** What the receipt of an order says, as the database has it. */
export interface OrderOnReceipt {
  readonly customer: string
  readonly total: number
  readonly lines: ReadonlyArray<ReceiptLine>
}

/** The tables `notifications` and `receipts`; of other services it reads users, items, orders and their lines. */
export class NotificationStore extends Context.Service<
  NotificationStore,
  {
    /** Claims every kind of notification about the orders that nobody claimed before. Unknown users are missing. */
    readonly claim: (
      end: End,
      wanted: ReadonlyArray<Wanted>
    ) => Effect.Effect<ReadonlyMap<OrderId, Claims>, SqlError.SqlError>
    readonly itemNames: (ids: ReadonlyArray<ItemId>) => Effect.Effect<ReadonlyMap<number, string>, SqlError.SqlError>
    /** Keeps results. Answers what was settled by this; what was settled before stays as it is. */
    readonly settle: (results: Results) => Effect.Effect<ReadonlyArray<Settled>, SqlError.SqlError>
    /** Settles claims older than this as unknown, oldest first. */
    readonly giveUpStale: (
      olderThan: Duration.Duration,
      limit: number
    ) => Effect.Effect<ReadonlyArray<Settled>, SqlError.SqlError>
    readonly receiptOf: (orderId: OrderId) => Effect.Effect<
      | {
          readonly status: OrderStatus
          readonly key: string | null
          readonly pdfKey: string | null
        }
      | undefined,
      SqlError.SqlError
    >
    readonly orderOnReceipt: (orderId: OrderId) => Effect.Effect<OrderOnReceipt | undefined, SqlError.SqlError>
    readonly keepPdfKey: (orderId: OrderId, key: string) => Effect.Effect<void, SqlError.SqlError>
  }
>()("@flowforge/notification/NotificationStore") {
  static readonly layerPostgres: Layer.Layer<NotificationStore, never, SqlClient.SqlClient> = Layer.effect(
    NotificationStore,
    Effect.map(SqlClient.SqlClient, (sql) =>
      NotificationStore.of({
        claim: (end, wanted) =>
          Effect.map(
            sql.unsafe<ClaimsRow>(CLAIM, [
              wanted.map(({ orderId }) => orderId),
              wanted.map(({ userId }) => userId),
              wanted.map(({ emailId }) => emailId),
              wanted.map(({ smsId }) => smsId),
              `${end}_email`,
              `${end}_sms`
            ]),
            (rows) =>
              new Map(
                rows.map(({ order_id, earlier, mine, ...row }) => [
                  order_id,
                  { ...row, hasReceipt: row.has_receipt, mine: mine ?? [], earlier: earlier ?? [] }
                ])
              )
          ),
        itemNames: (ids) =>
          Effect.map(
            sql.unsafe<{ id: number; name: string }>("SELECT id, name FROM items WHERE id = ANY ($1::integer[])", [
              ids
            ]),
            (rows) => new Map(rows.map(({ id, name }) => [id, name]))
          ),
        settle: ({ outcomes, receipts, returned }) =>
          sql.unsafe<Settled>(SETTLE, [
            outcomes.map(({ id }) => id),
            outcomes.map(({ status }) => status),
            outcomes.map(({ error }) => error),
            receipts.map(({ orderId }) => orderId),
            receipts.map(({ key }) => key),
            receipts.map(({ sha256 }) => sha256),
            returned
          ]),
        giveUpStale: (olderThan, limit) => sql.unsafe<Settled>(GIVE_UP_STALE, [Duration.toMillis(olderThan), limit]),
        receiptOf: (orderId) => Effect.map(sql.unsafe<any>(RECEIPT, [orderId]), (rows) => rows[0]),
        orderOnReceipt: (orderId) =>
          Effect.map(sql.unsafe<OrderOnReceipt>(ORDER_ON_RECEIPT, [orderId]), (rows) => rows[0]),
        keepPdfKey: (orderId, key) =>
          Effect.asVoid(sql.unsafe("UPDATE receipts SET pdf_object_key = $2 WHERE order_id = $1::uuid", [orderId, key]))
      })
    )
  )
}

interface ClaimsRow extends Omit<Claims, "mine" | "earlier" | "hasReceipt"> {
  readonly order_id: OrderId
  readonly has_receipt: boolean
  readonly mine: ReadonlyArray<NotificationId> | null
  readonly earlier: ReadonlyArray<EarlierClaim> | null
}

/**
 * `earlier` sees the table as it was before; a claim that another transaction commits meanwhile is in neither list.
 * `= ANY`: by the joins alone, a plan made while the tables were small would read all of them.
 */
const CLAIM = `
  WITH wanted AS (
    SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[]) AS w (order_id, user_id, email_id, sms_id)
  ), claimed AS (
    INSERT INTO notifications (order_id, kind, notification_id, recipient, status)
    SELECT w.order_id, n.kind, n.id, n.recipient, 'claimed'
    FROM wanted w JOIN users u ON u.id = w.user_id AND u.id = ANY ($2::uuid[])
      CROSS JOIN LATERAL (VALUES ($5, w.email_id, u.email), ($6, w.sms_id, u.phone)) AS n (kind, id, recipient)
    WHERE n.recipient IS NOT NULL
    ORDER BY w.order_id, n.kind
    ON CONFLICT (order_id, kind) DO NOTHING
    RETURNING order_id, notification_id
  ), mine AS (
    SELECT order_id, array_agg(notification_id) AS ids FROM claimed GROUP BY order_id
  ), earlier AS (
    SELECT order_id, json_agg(json_build_object('id', notification_id, 'kind', kind, 'status', status,
      'ageMillis', extract(epoch FROM clock_timestamp() - claimed_at) * 1000)) AS claims
    FROM notifications WHERE order_id = ANY ($1::uuid[]) AND kind IN ($5, $6) GROUP BY order_id
  )
  SELECT w.order_id, u.name, u.email, u.phone, mine.ids AS mine, earlier.claims AS earlier,
    r.order_id IS NOT NULL AS has_receipt
  FROM wanted w JOIN users u ON u.id = w.user_id AND u.id = ANY ($2::uuid[])
    LEFT JOIN receipts r ON r.order_id = w.order_id AND r.order_id = ANY ($1::uuid[])
    LEFT JOIN mine ON mine.order_id = w.order_id LEFT JOIN earlier ON earlier.order_id = w.order_id`

/**
 * What has no `settled_at` is claimed. Asked for by its status, the partial index on that would be read, with all that
 * passed through it since the last vacuum.
 */
const SETTLE = `
  WITH stored AS (
    INSERT INTO receipts (order_id, object_key, sha256)
    SELECT * FROM unnest($4::uuid[], $5::text[], $6::bytea[]) ON CONFLICT (order_id) DO NOTHING
  ), returned AS (
    DELETE FROM notifications WHERE notification_id = ANY ($7::uuid[]) AND settled_at IS NULL
  )
  UPDATE notifications n SET status = o.status, error = nullif(o.error, ''), settled_at = now()
  FROM unnest($1::uuid[], $2::text[], $3::text[]) AS o (id, status, error)
  WHERE n.notification_id = o.id AND n.notification_id = ANY ($1::uuid[]) AND n.settled_at IS NULL
  RETURNING n.order_id AS "orderId", n.notification_id AS id, n.kind, n.status`

const GIVE_UP_STALE = `
  UPDATE notifications n SET status = 'unknown', error = 'no result within the time limit', settled_at = now()
  FROM (
    SELECT order_id, kind FROM notifications
    WHERE status = 'claimed' AND claimed_at < now() - $1::int * interval '1 ms'
    ORDER BY claimed_at LIMIT $2::int FOR UPDATE SKIP LOCKED
  ) stale
  WHERE (n.order_id, n.kind) = (stale.order_id, stale.kind) AND n.status = 'claimed'
  RETURNING n.order_id AS "orderId", n.notification_id AS id, n.kind, n.status`

const RECEIPT = `
  SELECT o.status, r.object_key AS key, r.pdf_object_key AS "pdfKey"
  FROM orders o LEFT JOIN receipts r ON r.order_id = o.id WHERE o.id = $1::uuid`

const ORDER_ON_RECEIPT = `
  SELECT u.name AS customer, o.total_amount::float8 AS total,
    (SELECT jsonb_agg(jsonb_build_object('itemId', l.item_id, 'name', coalesce(i.name, 'Item ' || l.item_id),
       'quantity', l.quantity, 'price', l.price) ORDER BY l.item_id)
     FROM order_items l LEFT JOIN items i ON i.id = l.item_id WHERE l.order_id = o.id) AS lines
  FROM orders o JOIN users u ON u.id = o.user_id WHERE o.id = $1::uuid`
