import { createHash } from "node:crypto"
import { type LedgerEntry, MinorUnits, RefundId, TransactionId } from "@flowforge/contracts"
import { Duration, Effect, Option, Stream } from "effect"
import { SqlClient } from "effect/sql"
import type { AuditContext, AuditOptions, SentMessage } from "../../src/audit/index.ts"

export const CONFIRMED = "0193f2a0-0000-7000-8000-00000000000a"
export const CANCELLED = "0193f2a0-0000-7000-8000-00000000000b"
export const STRANGER = "0193f2a0-0000-7000-8000-0000000000ff"
const USER = "00000000-0000-7000-8000-000000000001"
const receiptOf = (order: string) => new TextEncoder().encode(`<html>Order ${order}: 25.00</html>`)
const event = (order: string, number: number) =>
  `0193f2a0-0000-7000-9000-${String(number).padStart(11, "0")}${order.at(-1)}`
export const notificationOf = (order: string) => `0193f2a0-0000-7000-a000-00000000000${order.at(-1)}`
const at = (second: number) => new Date(Date.UTC(2026, 10, 23, 8, 0, second)).toISOString()

/** What others keep, to be falsified. */
export interface Outside {
  ledger: Array<LedgerEntry>
  messages: Array<SentMessage>
  objects: Map<string, Uint8Array>
  options: AuditOptions
}

const groups: Record<string, ReadonlyArray<string>> = {
  "order.created": ["payment"],
  "payment.succeeded": ["inventory"],
  "inventory.reserved": ["order"],
  "order.confirmed": ["notification"],
  "order.cancelled": ["notification", "payment", "inventory"],
  "payment.refunded": ["order"],
  "notification.sent": []
}

/** Empties every table. */
const clear = (sql: SqlClient.SqlClient) =>
  sql.unsafe(`TRUNCATE users, orders, order_items, order_history, idempotency_keys, payments, items, reservations,
    stock_adjustments, receipts, notifications, outbox, relay_cursors, quarantined_messages, broker_cursors, processed_events, parked_keys, parked_events,
    dead_letters CASCADE`)

const capture = (order: string, sequence: number): LedgerEntry => ({
  sequence,
  at: at(1),
  kind: "captured",
  idempotency_key: `capture:${order}`,
  reference: order,
  txn_id: TransactionId.make(`txn_${order}`),
  amount: MinorUnits.make(2500)
})

export const refund = (order: string, sequence: number): LedgerEntry => ({
  sequence,
  at: at(3),
  kind: "refunded",
  idempotency_key: `refund:${order}`,
  txn_id: TransactionId.make(`txn_${order}`),
  refund_id: RefundId.make(`re_${order}`),
  amount: MinorUnits.make(2500)
})

/** A world in which every invariant holds: an order that was confirmed, and one that was cancelled after it was paid. */
export const makeWorld: Effect.Effect<Outside, never, SqlClient.SqlClient> = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* clear(sql)
  yield* sql`INSERT INTO users (id, name, email) VALUES (${USER}, 'Ada', 'ada@example.org')`
  yield* sql`INSERT INTO items (id, name, price, initial, available) VALUES (1, 'Pen', 1250, 10, 11), (2, 'Ink', 500, 5, 5)`
  yield* sql`INSERT INTO stock_adjustments (id, item_id, delta, reason) VALUES (${STRANGER}, 1, 3, 'found behind the shelf')`
  for (const [order, status, reason] of [
    [CONFIRMED, "CONFIRMED", null],
    [CANCELLED, "CANCELLED", "CUSTOMER"]
  ] as const) {
    yield* sql`INSERT INTO orders (id, user_id, status, total_amount, payment_method, payment_token, cancel_reason, created_at, updated_at)
      VALUES (${order}, ${USER}, ${status}, 2500, 'card', 'tok_ok', ${reason}, ${at(0)}, ${at(2)})`
    yield* sql`INSERT INTO order_items (order_id, item_id, quantity, price) VALUES (${order}, 1, 2, 1250)`
    yield* sql`INSERT INTO order_history (order_id, state, at, cause) VALUES
      (${order}, 'PENDING', ${at(0)}, 'accepted'), (${order}, ${status}, ${at(2)}, 'decided')`
    yield* sql`INSERT INTO idempotency_keys (user_id, key, request_hash, order_id, response)
      VALUES (${USER}, ${order}, '\\x00', ${order}, convert_to(${`{"order_id":"${order}"}`}, 'UTF8'))`
    const kind = `${status.toLowerCase()}_email`
    yield* sql`INSERT INTO notifications (order_id, kind, notification_id, recipient, status, claimed_at, settled_at)
      VALUES (${order}, ${kind}, ${notificationOf(order)}, 'ada@example.org', 'sent', ${at(2)}, ${at(3)})`
    const topics =
      status === "CONFIRMED"
        ? ["order.created", "payment.succeeded", "inventory.reserved", "order.confirmed", "notification.sent"]
        : ["order.created", "payment.succeeded", "order.cancelled", "payment.refunded", "notification.sent"]
    for (const [index, topic] of topics.entries()) {
      yield* sql`INSERT INTO outbox (created_at, source, topic, partition, key, event_id, value, headers)
        VALUES (now() - interval '1 minute', 'test', ${topic}, 0, ${order}, ${event(order, index)}, '\\x', '\\x')`
      for (const group of groups[topic] ?? []) {
        yield* sql`INSERT INTO processed_events (consumer_group, event_id, outcome) VALUES (${group}, ${event(order, index)}, 'done')`
        yield* sql`INSERT INTO broker_cursors (consumer_group, topic, partition, epoch, xid, id)
          SELECT ${group}, ${topic}, 0, max(epoch), max(xid), max(id) FROM outbox
          ON CONFLICT (consumer_group, topic, partition) DO UPDATE SET xid = excluded.xid, id = excluded.id`
      }
    }
  }
  yield* sql`INSERT INTO order_history (order_id, state, at, cause) VALUES (${CANCELLED}, 'REFUNDED', ${at(3)}, 'refunded')`
  yield* sql`INSERT INTO payments (order_id, user_id, amount, status, txn_id, refund_id) VALUES
    (${CONFIRMED}, ${USER}, 2500, 'captured', ${`txn_${CONFIRMED}`}, null),
    (${CANCELLED}, ${USER}, 2500, 'refunded', ${`txn_${CANCELLED}`}, ${`re_${CANCELLED}`})`
  yield* sql`INSERT INTO reservations (order_id, status, item_ids, quantities) VALUES
    (${CONFIRMED}, 'reserved', '{1}', '{2}'), (${CANCELLED}, 'released', '{1}', '{2}')`
  const receipt = receiptOf(CONFIRMED)
  yield* sql`INSERT INTO receipts (order_id, object_key, sha256)
    VALUES (${CONFIRMED}, 'receipts/a.html', ${createHash("sha256").update(receipt).digest()})`
  return {
    ledger: [capture(CONFIRMED, 1), capture(CANCELLED, 2), refund(CANCELLED, 3)],
    messages: [{ id: notificationOf(CONFIRMED) }, { id: notificationOf(CANCELLED) }],
    objects: new Map([["receipts/a.html", receipt]]),
    options: { settleTime: Duration.zero, accepted: [CONFIRMED, CANCELLED], expectedDeadLetters: 0 }
  } satisfies Outside
}).pipe(Effect.orDie)

export const contextOf = (sql: SqlClient.SqlClient, outside: Outside): AuditContext<never> => ({
  sql,
  ledger: Stream.fromIterable(outside.ledger),
  messages: Stream.fromIterable(outside.messages),
  objects: { get: (key) => Effect.succeed(Option.fromNullishOr(outside.objects.get(key))) }
})
