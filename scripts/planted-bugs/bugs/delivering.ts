import type { PlantedBug } from "../bug.ts"

const messaging = (path: string) => `packages/messaging/${path}`

/** What goes wrong between the broker and the handler. */
export const delivering: ReadonlyArray<PlantedBug> = [
  {
    name: "acknowledged-before-handled",
    breaks: "the cursor moves over what was read, not over what was handled",
    file: messaging("src/postgres/held.ts"),
    text: "held.handled?.position ?? held.acknowledged",
    instead: "held.read",
    tests: [messaging("test/broker/postgres.integration.test.ts")]
  },
  {
    name: "offset-before-commit",
    breaks: "Kafka's offset is committed before the database has committed",
    file: messaging("src/kafka/each-batch.ts"),
    text: "  held.handled = undefined\n",
    instead: "  held.handled = recordOf(topic, partition, batch.messages.at(-1)!)\n",
    tests: [messaging("test/broker/each-batch.test.ts")]
  },
  {
    name: "failed-batch-acknowledged",
    breaks: "a batch that failed counts as handled",
    file: messaging("src/delivering/lane.ts"),
    text: "if (Exit.isSuccess(exit)) settle(batch)",
    instead: "if (exit !== undefined) settle(batch)",
    tests: [messaging("test/broker/postgres.integration.test.ts")]
  },
  {
    name: "lease-unchecked",
    breaks: "a member that has lost a partition acknowledges in it all the same",
    file: messaging("src/postgres/statements.ts"),
    text: " WHERE c.consumer_group = $1 AND c.owner = $2::uuid\n   AND c.topic = a.topic AND c.partition = a.partition AND c.lease_epoch = a.lease_epoch::bigint",
    instead:
      " WHERE c.consumer_group = $1 AND $2::uuid IS NOT NULL\n   AND c.topic = a.topic AND c.partition = a.partition",
    tests: [messaging("test/broker/acknowledger.integration.test.ts")]
  },
  {
    name: "no-inbox",
    breaks: "the handler also gets what its group has handled before",
    file: messaging("src/policies/inbox.ts"),
    text: "const fresh = results.filter(({ delivery }) => claimed.has(delivery))",
    instead: "const fresh = results",
    tests: [messaging("test/policies/inbox.integration.test.ts")]
  },
  {
    name: "record-without-effect",
    breaks: "the delivery record commits on its own, before the effect",
    file: messaging("src/policies/inbox.ts"),
    text: "      sql.withTransaction(\n        Effect.gen(function* () {\n          const claimed",
    instead: "      (\n        Effect.gen(function* () {\n          const claimed",
    tests: [messaging("test/policies/inbox.integration.test.ts")]
  },
  {
    name: "held-key-unlocked",
    breaks: "an event is put behind a parked one whose key is being let go at that moment, and fails",
    file: messaging("src/policies/inbox.ts"),
    text: "ORDER BY key FOR UPDATE)",
    instead: "ORDER BY key)",
    tests: [messaging("test/policies/inbox.integration.test.ts")]
  },
  {
    name: "parked-key-let-go-unlocked",
    breaks: "a held key is let go without its row being locked first",
    file: messaging("src/parked/keys.ts"),
    text: "      if (!(yield* lock(held))) return true\n",
    instead: "",
    tests: [messaging("test/parked/keys.integration.test.ts"), messaging("test/consumer/parked.integration.test.ts")]
  },
  {
    name: "lost-lease-settles",
    breaks: "a worker that was thought dead, and whose parked event another has, ends it as well",
    file: messaging("src/parked/keys.ts"),
    text: "  if (!(yield* lock(held))) return false\n",
    instead: "",
    tests: [messaging("test/parked/keys.integration.test.ts"), messaging("test/consumer/parked.integration.test.ts")]
  },
  {
    name: "dead-letter-without-key",
    breaks: "a dead letter goes to its topic without its key, and loses its order",
    file: messaging("src/policies/dead-letter.ts"),
    text: '    key: key ?? "",\n',
    instead: '    key: "",\n',
    tests: [messaging("test/policies/dead-letter.integration.test.ts")]
  },
  {
    name: "dead-letter-of-a-tombstone",
    breaks: "a dead letter that had no value goes to its topic with an empty one, and is no tombstone any more",
    file: messaging("src/policies/dead-letter.ts"),
    text: "  ...(record.value === null ? { value: null } : {})\n",
    instead: "",
    tests: [messaging("test/policies/dead-letter-kafka.integration.test.ts")]
  }
]
