import type { PlantedBug } from "../bug.ts"

/** What goes wrong in a service. */
export const services: ReadonlyArray<PlantedBug> = [
  {
    name: "key-without-order",
    breaks:
      "the Idempotency-Key is kept although its order may not be: a retry is answered with an order that does not exist",
    file: "packages/order/src/intake/intake.ts",
    text: 'sql.withTransaction(Effect.tap(carryOut(batch), () => reach("intake.inserted")))',
    instead: "carryOut(batch)",
    tests: ["packages/order/test/idempotency-keys.integration.test.ts"],
    titled: "in flight in another process|of an insert that was killed|two processes that insert"
  },
  {
    name: "keys-in-any-order",
    breaks: "two processes that insert the same keys in opposite orders wait for each other in a circle",
    file: "packages/order/src/intake/idempotency-keys.ts",
    text: "    ORDER BY user_id, key ON CONFLICT",
    instead: "    ON CONFLICT",
    tests: ["packages/order/test/idempotency-keys.integration.test.ts"],
    titled: "the same keys in opposite orders"
  },
  {
    name: "orders-locked-in-any-order",
    breaks: "two batches about the same orders wait for each other in a circle",
    file: "packages/order/src/store.ts",
    text: "ORDER BY id FOR NO KEY UPDATE",
    instead: "FOR NO KEY UPDATE",
    tests: ["packages/order/test/settlements.integration.test.ts"],
    titled: "in the order of their ids"
  },
  {
    name: "order-unlocked",
    breaks: "a cancel and a confirmation of one order are decided at the same time, both of them",
    file: "packages/order/src/store.ts",
    text: "ORDER BY id FOR NO KEY UPDATE",
    instead: "ORDER BY id",
    tests: ["packages/order/test/reads.integration.test.ts", "packages/order/test/settlements.integration.test.ts"],
    titled: "decides confirmation against cancellation|a cancel that races"
  },
  {
    name: "cached-before-commit",
    breaks: "the cache says how an order ended though the transaction may still roll back",
    file: "packages/order/src/settlements.ts",
    text: "          sql.afterCommit(\n",
    instead: "          (\n",
    tests: ["packages/order/test/cache.integration.test.ts", "packages/order/test/settlements.integration.test.ts"]
  },
  {
    name: "refund-unchecked",
    breaks: "the money of a cancelled order goes back whether or not it was captured, and however often",
    file: "packages/payment/src/domain.ts",
    text: '      return state._tag === "captured" ? Result.succeed({ _tag: "refunding", txnId: state.txnId }) : settled',
    instead: '      return Result.succeed({ _tag: "refunding", txnId: "txnId" in state ? state.txnId : "" })',
    tests: ["packages/payment/test/domain.test.ts"]
  },
  {
    name: "new-key-for-each-capture",
    breaks: "a capture that is tried again has another key at the payment company, which captures again",
    file: "packages/payment/src/gateway/gateway.ts",
    text: "export const captureKey = (orderId: OrderId): string => orderId\n",
    instead: "export const captureKey = (orderId: OrderId): string => `${orderId} ${Math.random()}`\n",
    tests: ["packages/payment/test/gateway/http.integration.test.ts"]
  },
  {
    name: "new-key-for-each-refund",
    breaks: "a refund that is tried again has another key at the payment company, which takes it for another one",
    file: "packages/payment/src/gateway/gateway.ts",
    text: "`refund:${orderId}`",
    instead: "`refund:${orderId} ${Math.random()}`",
    tests: ["packages/payment/test/gateway/http.integration.test.ts"]
  },
  {
    name: "outage-taken-for-decline",
    breaks: "a payment company that is away counts as having declined",
    file: "packages/payment/src/gateway/http.ts",
    text: "  if (status === 429 || status >= 500) {\n",
    instead:
      '  if (status === 503) return Effect.succeed({ _tag: "Declined", reason: "away" })\n  if (status === 429 || status >= 500) {\n',
    tests: ["packages/payment/test/gateway/http.integration.test.ts"]
  },
  {
    name: "payments-locked-in-any-order",
    breaks: "two batches about the same payments wait for each other in a circle",
    file: "packages/payment/src/store.ts",
    text: "ORDER BY order_id FOR UPDATE`",
    instead: "FOR UPDATE`",
    tests: ["packages/payment/test/steps.integration.test.ts"],
    titled: "in the order of their orders' ids"
  },
  {
    name: "items-locked-in-any-order",
    breaks: "two batches that want the same items wait for each other in a circle",
    file: "packages/inventory/src/store.ts",
    text: "               ORDER BY id FOR UPDATE\n             )\n             SELECT ARRAY",
    instead: "               FOR UPDATE\n             )\n             SELECT ARRAY",
    tests: ["packages/inventory/test/reservations.integration.test.ts"],
    titled: "in the order of their ids"
  },
  {
    name: "stock-given-back-twice",
    breaks: "a cancel that comes again gives the stock back again",
    file: "packages/inventory/src/store.ts",
    text: "\n                   WHERE reservations.status = 'reserved'",
    instead: "",
    tests: ["packages/inventory/test/reservations.integration.test.ts"],
    titled: "gives the stock back on a cancel"
  },
  {
    name: "counted-from-a-stale-row",
    breaks: "an adjustment that waited for the row is counted, and refused, by what the row was before",
    file: "packages/inventory/src/store.ts",
    text: "SET available = item.available + $2",
    instead: "SET available = items.available + $2",
    tests: ["packages/inventory/test/reservations.integration.test.ts"],
    titled: "by the stock it waited for"
  },
  {
    name: "oversold",
    breaks: "orders of one batch do not see what those before them have taken",
    file: "packages/inventory/src/domain.ts",
    text: "      left.set(item_id, (left.get(item_id) ?? 0) - quantity)\n",
    instead: "",
    tests: ["packages/inventory/test/domain.test.ts"]
  },
  {
    name: "mailed-by-both",
    breaks: "two attempts at telling a customer both have the claim",
    file: "packages/notification/src/store.ts",
    text: "    ON CONFLICT (order_id, kind) DO NOTHING\n",
    instead: "    ON CONFLICT (order_id, kind) DO UPDATE SET notification_id = excluded.notification_id\n",
    tests: ["packages/notification/test/crashes.integration.test.ts"],
    titled: "is not made up for by a second mail"
  },
  {
    name: "mailed-in-doubt",
    breaks: "a mail that may have been sent counts as not sent, and is sent again",
    file: "packages/notification/src/sending.ts",
    text: "            progress.unsent.delete(id)\n",
    instead: "",
    tests: ["packages/notification/test/crashes.integration.test.ts"],
    titled: "gives back at once what it had not begun"
  },
  {
    name: "stalled-lives-on",
    breaks: "a process whose consumer stands still is never ended, and its records wait for ever",
    file: "packages/flowforge/src/outside/broker.ts",
    text: ", onStalled: endProcess",
    instead: "",
    tests: ["packages/flowforge/test/standing-still.integration.test.ts"]
  },
  {
    name: "set-without-nx",
    breaks: "a late reader overwrites what is newer in the cache",
    file: "packages/platform/src/redis/layer.ts",
    text: 'write(entries, "NX")',
    instead: 'write(entries, "")',
    tests: ["packages/platform/test/redis/suite.integration.test.ts"],
    titled: "cache: redis"
  }
]
