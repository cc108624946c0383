import { assert, layer } from "@effect/vitest"
import { MinorUnits, TransactionId } from "@flowforge/contracts"
import { layerTestDatabase } from "@flowforge/testkit"
import { Duration, Effect } from "effect"
import { SqlClient } from "effect/sql"
import { checks } from "../../src/audit/audit.ts"
import { audit, isViolated, renderFindings } from "../../src/audit/index.ts"
import { CANCELLED, CONFIRMED, contextOf, makeWorld, notificationOf, type Outside, refund, STRANGER } from "./world.ts"

/** One lie, in the database or in what others keep, and the invariants that must complain: exactly those. */
interface Lie {
  readonly what: string
  readonly sql?: ReadonlyArray<string>
  readonly outside?: (world: Outside) => void
  readonly complains: ReadonlyArray<RegExp>
}

const lies: ReadonlyArray<Lie> = [
  {
    what: "a client got a 202 for an order that is not there",
    outside: (world) => Object.assign(world.options, { accepted: [CONFIRMED, STRANGER] }),
    complains: [/^every order that was accepted/u]
  },
  {
    what: "an order was created twice",
    sql: [
      `INSERT INTO outbox (created_at, source, topic, partition, key, event_id, value, headers)
       SELECT created_at, source, topic, partition, key, '${STRANGER}', value, headers FROM outbox
       WHERE topic = 'order.created' AND key = '${CONFIRMED}'`,
      `INSERT INTO processed_events (consumer_group, event_id, outcome) VALUES ('payment', '${STRANGER}', 'done')`,
      `UPDATE broker_cursors SET xid = (SELECT max(xid) FROM outbox), id = id + 1000`
    ],
    complains: [/^every order comes from one request/u]
  },
  {
    what: "an order was never announced",
    sql: [
      `DELETE FROM outbox WHERE topic = 'order.created' AND key = '${CONFIRMED}'`,
      `UPDATE outbox SET created_at = '2026-11-23T07:00:00Z' WHERE topic = 'notification.sent'`
    ],
    complains: [/^every order comes from one request/u]
  },
  {
    what: "an order's line costs more than the order",
    sql: [`UPDATE order_items SET price = 9999 WHERE order_id = '${CANCELLED}'`],
    complains: [/^every order comes from one request/u]
  },
  {
    what: "an Idempotency-Key answers with another order than it names",
    sql: [`UPDATE idempotency_keys SET order_id = '${CANCELLED}' WHERE order_id = '${CONFIRMED}'`],
    complains: [/^the same Idempotency-Key/u]
  },
  {
    what: "a cancelled order was confirmed once",
    sql: [
      `INSERT INTO order_history (order_id, state, at, cause) VALUES ('${CANCELLED}', 'CONFIRMED', '2026-11-23T08:00:01Z', '')`
    ],
    complains: [/^an order's history is a path/u]
  },
  {
    what: "an order stands still with nothing to show for it",
    sql: [
      `INSERT INTO orders (id, user_id, total_amount, payment_method, payment_token, created_at, updated_at)
       SELECT '${STRANGER}', user_id, total_amount, 'card', 'tok', created_at, updated_at FROM orders LIMIT 1`,
      `INSERT INTO order_items SELECT '${STRANGER}', item_id, quantity, price FROM order_items WHERE order_id = '${CONFIRMED}'`,
      `INSERT INTO order_history (order_id, state, cause) VALUES ('${STRANGER}', 'PENDING', '')`,
      `UPDATE outbox SET created_at = now() - interval '1 day'`,
      `UPDATE orders SET created_at = now() - interval '2 days', updated_at = now() - interval '2 days' WHERE id = '${STRANGER}'`
    ],
    complains: [/^within a bounded time every order is final/u]
  },
  {
    what: "the gateway captured twice for an order",
    outside: (world) => world.ledger.push({ ...world.ledger[0]!, sequence: 9, txn_id: world.ledger[0]!.txn_id! }),
    complains: [/^the gateway captured at most once/u]
  },
  {
    what: "the gateway captured another amount",
    sql: [`UPDATE payments SET amount = 2400 WHERE order_id = '${CONFIRMED}'`],
    outside: (world) => (world.ledger[0] = { ...world.ledger[0]!, amount: MinorUnits.make(2400) }),
    complains: [/^the gateway captured at most once/u]
  },
  {
    what: "the gateway refunded twice",
    outside: (world) => world.ledger.push(refund(CANCELLED, 9)),
    complains: [/^the gateway refunded at most once/u]
  },
  {
    what: "the gateway refunded half",
    outside: (world) => (world.ledger[2] = { ...world.ledger[2]!, amount: MinorUnits.make(1250) }),
    complains: [/^the gateway refunded at most once/u]
  },
  {
    what: "a confirmed order was refunded",
    outside: (world) => world.ledger.push(refund(CONFIRMED, 9)),
    complains: [/^CONFIRMED means one capture/u, /^the payments agree/u]
  },
  {
    what: "a confirmed order was never captured",
    outside: (world) => world.ledger.shift(),
    complains: [/^CONFIRMED means one capture/u, /^the payments agree/u]
  },
  {
    what: "a cancelled order keeps the customer's money",
    sql: [`UPDATE payments SET status = 'captured' WHERE order_id = '${CANCELLED}'`],
    outside: (world) => world.ledger.pop(),
    complains: [/^CANCELLED means no net money/u]
  },
  {
    what: "a payment names another transaction than the gateway does",
    outside: (world) => (world.ledger[0] = { ...world.ledger[0]!, txn_id: TransactionId.make("txn_other") }),
    complains: [/^the payments agree/u]
  },
  {
    what: "the gateway captured for an order that counts as void",
    sql: [`UPDATE payments SET status = 'declined', txn_id = NULL, refund_id = NULL WHERE order_id = '${CANCELLED}'`],
    complains: [/^the payments agree/u]
  },
  {
    what: "a piece of stock is gone",
    sql: ["UPDATE items SET available = available - 1 WHERE id = 2"],
    complains: [/^initial \+ adjustments/u]
  },
  {
    what: "an item was oversold",
    sql: [
      "ALTER TABLE items DROP CONSTRAINT items_available_check",
      "UPDATE items SET available = -1 WHERE id = 2",
      `INSERT INTO stock_adjustments (id, item_id, delta, reason) VALUES ('${CONFIRMED}', 2, -6, 'oversold')`
    ],
    complains: [/^no item's stock is below zero/u]
  },
  {
    what: "a confirmed order's stock was given back",
    sql: [
      `UPDATE reservations SET status = 'released' WHERE order_id = '${CONFIRMED}'`,
      "UPDATE items SET available = 13 WHERE id = 1"
    ],
    complains: [/^CONFIRMED means one reservation/u]
  },
  {
    what: "a confirmed order has other lines set aside",
    sql: [
      `UPDATE reservations SET item_ids = '{1,2}', quantities = '{2,1}' WHERE order_id = '${CONFIRMED}'`,
      "UPDATE items SET available = 4 WHERE id = 2"
    ],
    complains: [/^CONFIRMED means one reservation/u]
  },
  {
    what: "a cancelled order keeps its stock",
    sql: [
      `UPDATE reservations SET status = 'reserved' WHERE order_id = '${CANCELLED}'`,
      "UPDATE items SET available = 9 WHERE id = 1"
    ],
    complains: [/^CANCELLED means no net stock/u]
  },
  {
    what: "stock is set aside for nobody",
    sql: [
      `INSERT INTO reservations (order_id, status, item_ids, quantities) VALUES ('${STRANGER}', 'reserved', '{2}', '{1}')`,
      "UPDATE items SET available = 4 WHERE id = 2"
    ],
    complains: [/^nothing is reserved for an order that does not exist/u]
  },
  {
    what: "a customer never heard of an order's end",
    sql: [`DELETE FROM notifications WHERE order_id = '${CONFIRMED}'`],
    outside: (world) => world.messages.shift(),
    complains: [/^every order that ended was told so/u]
  },
  {
    what: "a customer was told of a confirmation that never was",
    sql: [
      `INSERT INTO notifications (order_id, kind, notification_id, recipient, status)
       VALUES ('${CANCELLED}', 'confirmed_email', '${STRANGER}', 'ada@example.org', 'unknown')`
    ],
    complains: [/^every order that ended was told so/u]
  },
  {
    what: "a notification says sent, but nothing was",
    outside: (world) => world.messages.pop(),
    complains: [/^each notification that says sent/u]
  },
  {
    what: "a mail of unknown outcome arrived twice",
    sql: [`UPDATE notifications SET status = 'unknown' WHERE order_id = '${CONFIRMED}'`],
    outside: (world) => world.messages.push({ id: notificationOf(CONFIRMED) }),
    complains: [/^nobody was told twice/u]
  },
  {
    what: "a mail was sent that nobody accounts for",
    outside: (world) => world.messages.push({ id: STRANGER }),
    complains: [/^nobody was told twice/u]
  },
  {
    what: "a confirmed order has no receipt",
    sql: ["DELETE FROM receipts"],
    complains: [/^every CONFIRMED order has a receipt/u]
  },
  {
    what: "a receipt's object is gone",
    outside: (world) => world.objects.clear(),
    complains: [/^every stored receipt opens/u]
  },
  {
    what: "a receipt's object was changed",
    outside: (world) => world.objects.set("receipts/a.html", new TextEncoder().encode(`Order ${CONFIRMED}, forged`)),
    complains: [/^every stored receipt opens/u]
  },
  {
    what: "a receipt is of another price",
    sql: [`UPDATE receipts SET sha256 = sha256('Order ${CONFIRMED}: 2.50')`],
    outside: (world) => world.objects.set("receipts/a.html", new TextEncoder().encode(`Order ${CONFIRMED}: 2.50`)),
    complains: [/^every stored receipt opens/u]
  },
  {
    what: "a relay stands still",
    sql: [
      `INSERT INTO relay_cursors (source, epoch, xid, id)
       SELECT source, epoch, xid, id - 1 FROM outbox ORDER BY epoch DESC, xid DESC, id DESC LIMIT 1`
    ],
    complains: [/^every outbox row is published/u]
  },
  {
    what: "the broker refused a message for good",
    sql: [
      `INSERT INTO quarantined_messages (source, topic, key, event_id, value, headers, error)
       VALUES ('order', 'order.created', '${STRANGER}', '${STRANGER}', '\\x', '\\x', 'too large')`
    ],
    complains: [/^every outbox row is published/u]
  },
  {
    what: "a group handled a later event of an order first",
    sql: [
      `INSERT INTO outbox (created_at, source, topic, partition, key, event_id, value, headers)
       SELECT created_at, source, topic, partition, key, '${STRANGER}', value, headers FROM outbox
       WHERE topic = 'order.confirmed'`,
      `INSERT INTO processed_events (consumer_group, event_id, outcome, processed_at)
       VALUES ('notification', '${STRANGER}', 'done', now() - interval '1 hour')`,
      `UPDATE broker_cursors SET xid = (SELECT max(xid) FROM outbox), id = id + 1000`
    ],
    complains: [/^each group handled the events of an order/u]
  },
  {
    what: "a group never came to an event, though it has it in its records",
    sql: [
      "UPDATE broker_cursors SET id = 0, xid = '0' WHERE consumer_group = 'inventory' AND topic = 'order.cancelled'"
    ],
    complains: [/^every outbox row is published/u]
  },
  {
    what: "a group skipped an event",
    sql: [
      `DELETE FROM processed_events WHERE consumer_group = 'payment' AND event_id IN
       (SELECT event_id FROM outbox WHERE topic = 'order.cancelled')`
    ],
    complains: [/^no event is lost/u]
  },
  {
    what: "an event counts as parked, but is not",
    sql: ["UPDATE processed_events SET outcome = 'parked' WHERE consumer_group = 'inventory'"],
    complains: [/^an event is parked or dead/u]
  },
  {
    what: "a dead letter nobody expected",
    sql: [
      `INSERT INTO dead_letters (id, consumer_group, topic, partition, broker_offset, headers, error_kind, error, attempts)
       VALUES ('${STRANGER}', 'payment', 'order.created', 0, '1', '\\x', 'Undecodable', 'not JSON', 1)`
    ],
    complains: [/^there are as many open dead letters/u]
  }
]

layer(layerTestDatabase, { excludeTestServices: true })("the audit", (it) => {
  const violatedIn = (outside: Outside) =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const findings = yield* audit(contextOf(sql, outside), outside.options)
      return findings.filter(isViolated)
    })

  it.effect("finds nothing in a world where every invariant holds", () =>
    Effect.gen(function* () {
      const outside = yield* makeWorld
      assert.deepStrictEqual(yield* violatedIn(outside), [])
    })
  )

  for (const lie of lies) {
    it.effect(`sees that ${lie.what}`, () =>
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        const outside = yield* makeWorld
        yield* Effect.forEach(lie.sql ?? [], (statement) => sql.unsafe(statement))
        lie.outside?.(outside)
        const violated = yield* violatedIn(outside)
        assert.deepStrictEqual(
          violated.map(({ invariant }) => invariant),
          [...checks.map(({ invariant }) => invariant), RECEIPTS].filter((invariant) =>
            lie.complains.some((pattern) => pattern.test(invariant))
          )
        )
        for (const finding of violated) {
          assert.strictEqual(finding.examples.length, finding.violations, "with an example of each violation")
        }
      }).pipe(Effect.ensuring(heal))
    )
  }

  it.effect("has a lie for every check", () =>
    Effect.sync(() => {
      const unseen = [...checks.map(({ invariant }) => invariant), RECEIPTS].filter(
        (invariant) => !lies.some((lie) => lie.complains.some((pattern) => pattern.test(invariant)))
      )
      assert.deepStrictEqual(unseen, [])
    })
  )

  it.effect("lets an order that has a parked event, a dead letter or a payment still owed take its time", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const outside = yield* makeWorld
      outside.ledger.pop()
      yield* sql`UPDATE payments SET status = 'refunding', next_attempt_at = now() WHERE order_id = ${CANCELLED}`
      yield* sql`DELETE FROM notifications WHERE order_id = ${CANCELLED}`
      outside.messages.pop()
      assert.deepStrictEqual(yield* violatedIn(outside), [])
    })
  )

  it.effect("says what it excuses: which order, what holds it up, since when, and what was met last", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const outside = yield* makeWorld
      outside.ledger.pop()
      yield* sql`UPDATE payments SET status = 'refunding', next_attempt_at = now(), attempts = 5,
        updated_at = '2026-11-23T08:00:02Z', last_error = ${"the gateway\nis away"} WHERE order_id = ${CANCELLED}`
      yield* sql`UPDATE orders SET status = 'PENDING' WHERE id = ${CONFIRMED}`
      yield* sql`INSERT INTO parked_keys (consumer_group, topic, key, next_attempt_at) VALUES ('order', 'inventory.reserved', ${CONFIRMED}, now())`
      yield* sql`INSERT INTO parked_events
          (consumer_group, topic, key, event_id, partition, broker_offset, value, headers, attempts, parked_at)
        VALUES ('order', 'inventory.reserved', ${CONFIRMED}, ${STRANGER}, 0, '1', '', '', 1, '2026-11-23T08:00:02Z')`
      const findings = yield* audit(contextOf(sql, outside), outside.options)
      const excused = findings.flatMap(({ excused, invariant }) =>
        excused === undefined ? [] : [[invariant, excused]]
      )
      const refund = `${CANCELLED}: its refund is owed to the gateway since 2026-11-23T08:00:02Z, 5 attempts, last error: the gateway is away`
      const parked = `${CONFIRMED}: its inventory.reserved is parked for order since 2026-11-23T08:00:02Z, 1 attempt`
      assert.deepStrictEqual(excused, [
        [
          "within a bounded time every order is final, or has a dead letter or a parked event to show for it",
          { count: 1, examples: [parked] }
        ],
        ["CANCELLED means no net money in the end", { count: 1, examples: [refund] }]
      ])
      assert.include(
        renderFindings(findings),
        `         ok  CANCELLED means no net money in the end\n             1 order excused:\n             ~ ${refund}\n`
      )
      assert.match(renderFindings(findings), /; 2 excuse orders that something still holds up\.$/u)
    })
  )

  it.effect("counts every excuse and shows the five oldest, and excuses no receipt of a cancelled order", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const outside = yield* makeWorld
      yield* sql`INSERT INTO orders (id, user_id, status, total_amount, payment_method, payment_token, created_at, updated_at)
        SELECT ('0193f2a0-0000-7000-8000-00000000001' || n)::uuid, user_id, 'PENDING', 0, 'card', 'tok_ok', created_at, updated_at
        FROM orders, generate_series(0, 7) n WHERE id = ${CONFIRMED}`
      yield* sql`INSERT INTO dead_letters
          (id, consumer_group, topic, partition, broker_offset, key, event_id, headers, error_kind, error, attempts, died_at)
        SELECT gen_random_uuid(), 'payment', 'order.created', 0, '1', id::text, gen_random_uuid(), '', 'refused', 'no', 2, '2026-11-23T08:00:02Z'
        FROM orders WHERE id <> ${CONFIRMED}`
      yield* sql`INSERT INTO receipts SELECT ${CANCELLED}, object_key, sha256 FROM receipts`
      const findings = yield* audit(contextOf(sql, outside), outside.options)
      const pending = findings.find(({ invariant }) => invariant.startsWith("within a bounded time"))
      assert.strictEqual(pending?.excused?.count, 8)
      assert.match(
        pending?.excused?.examples[0] ?? "",
        /000000010: its order\.created is a dead letter of payment since 2026-11-23T08:00:02Z, 2 attempts, last error: no$/u
      )
      assert.include(renderFindings(findings), "8 orders excused, the oldest:")
      const receipts = findings.find(({ invariant }) => invariant.startsWith("every CONFIRMED order has a receipt"))
      assert.deepStrictEqual([receipts?.violations, receipts?.excused], [1, undefined])
    })
  )

  it.effect("takes the dead letter of what cannot be decoded for its delivery record", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const outside = yield* makeWorld
      yield* sql`INSERT INTO outbox (created_at, source, topic, partition, key, event_id, value, headers)
        VALUES (now() - interval '1 minute', 'nobody', 'order.created', 0, 'poison', ${STRANGER}, 'no JSON', '{}')`
      yield* sql`UPDATE broker_cursors SET xid = (SELECT max(xid) FROM outbox), id = (SELECT max(id) FROM outbox)`
      const lost = yield* violatedIn(outside)
      assert.deepStrictEqual(
        lost.map(({ invariant }) => invariant),
        checks.map(({ invariant }) => invariant).filter((invariant) => invariant.startsWith("no event is lost"))
      )
      yield* sql`INSERT INTO dead_letters
          (id, consumer_group, topic, partition, broker_offset, key, headers, error_kind, error, attempts)
        SELECT event_id, 'payment', topic, partition, epoch || '/' || xid::text || '/' || id, key, headers, 'undecodable', '', 1
        FROM outbox WHERE key = 'poison'`
      Object.assign(outside.options, { expectedDeadLetters: 1 })
      assert.deepStrictEqual(yield* violatedIn(outside), [])
    })
  )

  it.effect("does not judge what has not settled yet", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const outside = yield* makeWorld
      yield* sql`UPDATE orders SET updated_at = now() WHERE id = ${CANCELLED}`
      yield* sql`UPDATE payments SET status = 'captured' WHERE order_id = ${CANCELLED}`
      outside.ledger.pop()
      Object.assign(outside.options, { settleTime: Duration.minutes(1) })
      assert.deepStrictEqual(yield* violatedIn(outside), [])
    })
  )

  it.effect("says so when it was not given what it takes to know", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const outside = yield* makeWorld
      const findings = yield* audit(contextOf(sql, outside), { settleTime: Duration.zero })
      assert.match(
        renderFindings(findings),
        /not asked {2}every order that was accepted with 202.*\n *\(only who placed/u
      )
      assert.match(renderFindings(findings), /invariants hold/u)
    })
  )

  it.effect("counts every violation and shows five", () =>
    Effect.gen(function* () {
      const outside = yield* makeWorld
      for (let index = 0; index < 8; index++) outside.messages.push({ id: `nobody-${index}` })
      const [finding] = yield* violatedIn(outside)
      assert.strictEqual(finding?.violations, 8)
      assert.strictEqual(finding?.examples.length, 5)
      assert.match(renderFindings([finding!]), /1 of 1 invariants are violated/u)
    })
  )
})

const RECEIPTS =
  "every stored receipt opens, has the hash it was stored with, and names its order and the order's total"

const heal = SqlClient.SqlClient.use((sql) =>
  Effect.gen(function* () {
    yield* sql.unsafe("UPDATE items SET available = 0 WHERE available < 0")
    yield* sql.unsafe("ALTER TABLE items DROP CONSTRAINT IF EXISTS items_available_check")
    yield* sql.unsafe("ALTER TABLE items ADD CONSTRAINT items_available_check CHECK (available >= 0)")
  })
).pipe(Effect.orDie)
