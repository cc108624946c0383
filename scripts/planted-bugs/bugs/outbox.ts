import type { PlantedBug } from "../bug.ts"

const messaging = (path: string) => `packages/messaging/${path}`

/** What goes wrong between a change of state and the broker. */
export const outbox: ReadonlyArray<PlantedBug> = [
  {
    name: "outbox-outside-the-transaction",
    breaks: "messages are appended on a connection of their own, whatever becomes of the change they tell of",
    file: messaging("src/outbox.ts"),
    text: "              ]\n            )\n            if (messages.length === 0) return",
    instead:
      "              ]\n            ).pipe(Effect.updateContext(Context.omit(sql.transactionService)))\n            if (messages.length === 0) return",
    tests: [messaging("test/outbox/outbox.integration.test.ts")]
  },
  {
    name: "woken-before-commit",
    breaks: "readers are woken before the commit, find nothing, and come late",
    file: messaging("src/outbox.ts"),
    text: "yield* sql.afterCommit(wakeups.notify(",
    instead: "yield* (wakeups.notify(",
    tests: [messaging("test/outbox/outbox.integration.test.ts")]
  },
  {
    name: "late-commit-skipped-by-relay",
    breaks: "the relay's cursor passes rows whose transactions are still open",
    file: messaging("src/relay/rows.ts"),
    text: "read.filter((row) => row.settled)",
    instead: "read.filter(() => true)",
    tests: [
      messaging("test/relay/relay.integration.test.ts"),
      messaging("test/relay/interleavings.integration.test.ts")
    ]
  },
  {
    name: "late-commit-skipped-by-broker",
    breaks: "the embedded broker's cursor passes rows whose transactions are still open",
    file: messaging("src/postgres/fetcher.ts"),
    text: "if (hidden[i]! || !row.settled) {",
    instead: "if (hidden[i]!) {",
    tests: [messaging("test/broker/postgres-faults.integration.test.ts")]
  },
  {
    name: "cursor-before-produce",
    breaks: "the relay moves its cursor before the broker has taken the rows",
    file: messaging("src/relay/relay.ts"),
    text: "    const [refused, following] = yield* Effect.all(\n",
    instead: "    yield* moveCursor(source, last.position)\n    const [refused, following] = yield* Effect.all(\n",
    tests: [messaging("test/relay/relay.integration.test.ts")]
  },
  {
    name: "cursor-taken-back",
    breaks: "a relay that has lost its lock takes the cursor back",
    file: messaging("src/relay/cursor.ts"),
    text: " AND (epoch, xid, id) < ($2::int, $3::xid8, $4::bigint)",
    instead: "",
    tests: [messaging("test/relay/cursor.integration.test.ts")]
  },
  {
    name: "wipe-unnoticed",
    breaks: "a broker that has lost everything is taken for the one before",
    file: messaging("src/relay/relay.ts"),
    text: "    if (clusterId !== cursor.clusterId) {",
    instead: "    if (cursor.clusterId === null) {",
    tests: [messaging("test/relay/relay.integration.test.ts")]
  },
  {
    name: "wipe-under-its-id-unnoticed",
    breaks:
      "a Kafka that has lost everything, and comes back under the id in its settings, is taken for the one before",
    file: messaging("src/kafka/cluster-id.ts"),
    text: "mark === undefined ? clusterId : `${clusterId} ${mark.slice(MARK.length)}`",
    instead: "mark === undefined ? clusterId : clusterId",
    tests: [messaging("test/relay/kafka.integration.test.ts")]
  },
  {
    name: "refusal-holds-everybody-up",
    breaks: "one message that the broker refuses for good keeps all others from being published",
    file: messaging("src/relay/publish.ts"),
    text: "      (failure) => failure.refused,",
    instead: "      () => false,",
    tests: [messaging("test/relay/publish.test.ts")]
  },
  {
    name: "everybody-holds-the-lock",
    breaks: "what one process at a time should do, all do",
    file: messaging("src/singleton.ts"),
    text: "          if (!isFree) return\n",
    instead: "",
    tests: [messaging("test/singleton/singleton.integration.test.ts")]
  },
  {
    name: "sweeper-impatient",
    breaks: "the sweeper does not wait longer each time: it sends the same again and again",
    file: messaging("src/sweeper/sweeper.ts"),
    text: " * least(2 ^ (count(*) - 1), 64) < now()",
    instead: " * 0 < now()",
    tests: [messaging("test/sweeper/sweeper.integration.test.ts")]
  },
  {
    name: "sweeper-before-relay",
    breaks: "the sweeper sends what its relay has not even published",
    file: messaging("src/sweeper/sweeper.ts"),
    text: "          AND (EXISTS (SELECT FROM relay_cursors c\n",
    instead: "          AND (true OR EXISTS (SELECT FROM relay_cursors c\n",
    tests: [messaging("test/sweeper/sweeper.integration.test.ts")]
  },
  {
    name: "unread-partition-dropped",
    breaks: "old partitions of the outbox are dropped though somebody has not read them",
    file: messaging("src/retention/obsolete.ts"),
    text: '  if (yield* isBeyondSomeCursor(partition)) return "some of it has not been published or handled" as const\n',
    instead: "",
    tests: [messaging("test/retention/retention.integration.test.ts")]
  }
]
