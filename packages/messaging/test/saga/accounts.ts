import { Consumer, type Delivery, message, Outbox, type Topic } from "@flowforge/messaging"
import { Duration, Effect, Schema } from "effect"
import { SqlClient } from "effect/sql"
import { v7 } from "uuid"
import type { Boundaries } from "./faults.ts"

/**
 * A saga of no particular business, over two groups and the outside. Money is put on accounts; an account that is closed
 * gives back what is on it, or comes on it later, by a transfer outside. Whatever comes first, in the end an open
 * account holds its credits, and a closed one has given them all back, each once.
 */
const Event = Schema.Struct({
  event_id: Schema.String,
  event_type: Schema.String,
  timestamp: Schema.String,
  account: Schema.String,
  amount: Schema.Int
})
export type Event = typeof Event.Type
export type EventTopic = Topic<string, Event>

export interface Topics {
  readonly opened: EventTopic
  readonly credited: EventTopic
  readonly closed: EventTopic
  readonly returned: EventTopic
}

export const topicsOf = (run: string): Topics => {
  const topic = (name: string): EventTopic => ({
    name: `${name}.${run}`,
    schema: Event,
    key: (event) => event.account,
    partitions: 2,
    retention: Duration.days(1),
    deadLetterTopic: `${name}.${run}.dlq`
  })
  return {
    opened: topic("account.opened"),
    credited: topic("account.credited"),
    closed: topic("account.closed"),
    returned: topic("money.returned")
  }
}

export const event = (account: string, amount = 0): Event => ({
  event_id: v7(),
  event_type: "account.event",
  timestamp: "2026-01-01T00:00:00.000Z",
  account,
  amount
})

export const createTables = SqlClient.SqlClient.use((sql) =>
  Effect.andThen(
    sql.unsafe(`CREATE TABLE accounts (run text, account text, is_open bool NOT NULL DEFAULT false,
      is_closed bool NOT NULL DEFAULT false, balance int NOT NULL DEFAULT 0, PRIMARY KEY (run, account))`),
    sql.unsafe(`CREATE TABLE transfers (run text, transfer uuid, account text, amount int, made bool NOT NULL,
      PRIMARY KEY (run, transfer))`)
  )
)

/** The bank outside: knows each transfer by its id, and makes it once. */
export interface Bank {
  readonly transfers: Map<string, { readonly account: string; readonly amount: number }>
}

type Deliveries = ReadonlyArray<Delivery<Event>>
type Handled = Effect.Effect<void, unknown, SqlClient.SqlClient | Outbox>

/** Adds to the accounts of these events; what a closed account gives back is announced in the same transaction. */
const change = (run: string, topics: Topics, column: "is_open" | "is_closed" | "balance") =>
  Effect.fnUntraced(function* (deliveries: Deliveries) {
    const sql = yield* SqlClient.SqlClient
    const outbox = yield* Outbox
    for (const delivery of deliveries.toSorted((a, b) => (a.key < b.key ? -1 : 1))) {
      const value = column === "balance" ? delivery.event.amount : true
      const sum = column === "balance" ? "accounts.balance + excluded.balance" : "true"
      const [account] = yield* sql.unsafe<{ is_closed: boolean; balance: number }>(
        `INSERT INTO accounts (run, account, ${column}) VALUES ($1, $2, $3)
         ON CONFLICT (run, account) DO UPDATE SET ${column} = ${sum} RETURNING is_closed, balance`,
        [run, delivery.key, value]
      )
      if (!account!.is_closed || account!.balance === 0) continue
      yield* sql.unsafe(`UPDATE accounts SET balance = 0 WHERE (run, account) = ($1, $2)`, [run, delivery.key])
      yield* outbox.append([message(topics.returned, event(delivery.key, account!.balance), delivery)])
    }
  })

/** The handlers of both groups; at each boundary something may go wrong. */
export const entriesOf = (run: string, topics: Topics, bank: Bank, boundaries: Boundaries) => {
  const policy = {
    maxAttempts: 1_000,
    inlineBudget: "10 seconds",
    backoff: { base: "1 millis", cap: "4 millis" }
  } as const
  const inDatabase = (topic: EventTopic, column: "is_open" | "is_closed" | "balance") => {
    const handle = change(run, topics, column)
    return Consumer.inDatabase(topic, {
      policy,
      handle: (deliveries: Deliveries): Handled =>
        Effect.gen(function* () {
          yield* boundaries.before(deliveries)
          yield* handle(deliveries)
          yield* boundaries.reach
        })
    })
  }
  const returning = Consumer.calling(topics.returned, {
    policy,
    concurrency: 2,
    prepare: Effect.fnUntraced(function* (deliveries: Deliveries) {
      const sql = yield* SqlClient.SqlClient
      yield* boundaries.before(deliveries)
      for (const { eventId, event } of deliveries) {
        yield* sql.unsafe(`INSERT INTO transfers VALUES ($1, $2, $3, $4, false) ON CONFLICT DO NOTHING`, [
          run,
          eventId,
          event.account,
          event.amount
        ])
      }
      yield* boundaries.reach
      return deliveries
    }),
    call: Effect.fnUntraced(function* ({ eventId, event }: Delivery<Event>) {
      yield* boundaries.reach
      bank.transfers.set(eventId, { account: event.account, amount: event.amount })
      yield* boundaries.reach
    }),
    record: Effect.fnUntraced(function* (results: ReadonlyArray<Consumer.Called<Event, void>>) {
      const sql = yield* SqlClient.SqlClient
      yield* boundaries.before(results.map(({ delivery }) => delivery))
      for (const { delivery } of results) {
        yield* sql.unsafe(`UPDATE transfers SET made = true WHERE (run, transfer) = ($1, $2)`, [run, delivery.eventId])
      }
      yield* boundaries.reach
    })
  })
  return {
    accounts: [
      inDatabase(topics.opened, "is_open"),
      inDatabase(topics.credited, "balance"),
      inDatabase(topics.closed, "is_closed")
    ],
    bank: [returning]
  }
}
