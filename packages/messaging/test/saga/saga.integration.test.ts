import { assert, layer } from "@effect/vitest"
import { message, Outbox, Wakeups } from "@flowforge/messaging"
import { Effect, Layer } from "effect"
import * as fc from "fast-check"
import { SqlClient } from "effect/sql"
import { v7 } from "uuid"
import { layerWorld, outcomesOf } from "../consumer/world.ts"
import { eventually } from "../eventually.ts"
import { type Bank, createTables, type Event, event, type EventTopic, topicsOf } from "./accounts.ts"
import { groupsOf, keepRunning, type Run } from "./processes.ts"

interface Account {
  readonly isOpened: boolean
  readonly isClosed: boolean
  readonly credits: ReadonlyArray<number>
}

/** A run, by numbers: places in the list of events, and boundaries. */
interface Given {
  readonly accounts: ReadonlyArray<Account>
  /** Sorts the events, those that come twice included. */
  readonly order: ReadonlyArray<number>
  readonly twice: ReadonlyArray<number>
  readonly failures: ReadonlyArray<{ readonly which: number; readonly times: number }>
  readonly crashes: ReadonlyArray<number>
  readonly processes: number
  readonly batch: number
}

const given: fc.Arbitrary<Given> = fc.record({
  accounts: fc.array(
    fc.record({
      isOpened: fc.boolean(),
      isClosed: fc.boolean(),
      credits: fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 3 })
    }),
    { minLength: 1, maxLength: 3 }
  ),
  order: fc.array(fc.nat(1_000), { minLength: 40, maxLength: 40 }),
  twice: fc.array(fc.nat(99), { maxLength: 8 }),
  failures: fc.array(fc.record({ which: fc.nat(99), times: fc.integer({ min: 1, max: 6 }) }), { maxLength: 4 }),
  crashes: fc.uniqueArray(fc.nat(60), { maxLength: 8 }),
  processes: fc.constantFrom(1, 2),
  batch: fc.integer({ min: 1, max: 8 })
})

const sum = (amounts: ReadonlyArray<number>) => amounts.reduce((a, b) => a + b, 0)

/** Runs it until everything is handled, and answers how it ended, and how many boundaries it came to. */
const story = Effect.fnUntraced(function* (given: Given) {
  const sql = yield* SqlClient.SqlClient
  const name = v7()
  const topics = topicsOf(name)
  const events = given.accounts.flatMap(({ isOpened, isClosed, credits }, n): Array<readonly [EventTopic, Event]> => [
    ...(isOpened ? [[topics.opened, event(`a${n}`)] as const] : []),
    ...credits.map((amount) => [topics.credited, event(`a${n}`, amount)] as const),
    ...(isClosed ? [[topics.closed, event(`a${n}`)] as const] : [])
  ])
  if (events.length === 0) return { ended: [], boundaries: 0 }
  const sent = [...events, ...given.twice.map((which) => events[which % events.length]!)]
    .map((pair, n) => [given.order[n] ?? 0, pair] as const)
    .toSorted(([a], [b]) => a - b)
    .map(([, [topic, event]]) => message(topic, event))
  const bank: Bank = { transfers: new Map() }
  const failures = new Map(
    given.failures.map(({ which, times }) => [events[which % events.length]![1].event_id, times])
  )
  const run: Run = {
    name,
    topics,
    bank,
    batch: given.batch,
    plan: { failures, crashes: new Set(given.crashes), reached: 0 }
  }
  return yield* Effect.gen(function* () {
    const outbox = yield* Outbox
    const middle = sent.length >> 1
    yield* outbox.append(sent.slice(0, middle))
    yield* keepRunning(run, given.processes)
    yield* outbox.append(sent.slice(middle))
    const groups = groupsOf(name)
    yield* eventually(
      Effect.gen(function* () {
        // In this order: when all of the accounts' events are handled, all that they return is in the outbox.
        const accounts = yield* outcomesOf(groups.accounts)
        const [returned] = yield* sql.unsafe<{ count: number }>(
          `SELECT count(DISTINCT event_id)::int AS count FROM outbox WHERE topic = $1`,
          [topics.returned.name]
        )
        return [accounts, yield* outcomesOf(groups.bank), returned!.count] as const
      }),
      ([accounts, bank, returned]) =>
        accounts["done"] === events.length && Object.keys(accounts).length === 1 && (bank["done"] ?? 0) === returned,
      // A kill may leave a lease behind, which has to run out.
      3_000
    )
    yield* eventually(
      sql.unsafe(`SELECT key FROM parked_keys WHERE consumer_group = ANY($1::text[])`, [Object.values(groups)]),
      (keys) => keys.length === 0
    )
    const transfers = yield* sql.unsafe<{ transfer: string; account: string; amount: number; made: boolean }>(
      `SELECT transfer, account, amount, made FROM transfers WHERE run = $1`,
      [name]
    )
    // Each transfer that was made outside is known inside, and was made once.
    assert.deepStrictEqual(
      new Map(transfers.map(({ transfer, account, amount }) => [transfer, { account, amount }])),
      bank.transfers
    )
    assert.isTrue(transfers.every(({ made }) => made))
    const accounts = yield* sql.unsafe<{ account: string; is_open: boolean; is_closed: boolean; balance: number }>(
      `SELECT account, is_open, is_closed, balance FROM accounts WHERE run = $1 ORDER BY account`,
      [name]
    )
    const ended = accounts.map((account) => ({
      ...account,
      returned: sum(transfers.filter((transfer) => transfer.account === account.account).map(({ amount }) => amount))
    }))
    return { ended, boundaries: run.plan.reached }
  }).pipe(Effect.provide(Outbox.layer(name)))
}, Effect.scoped)

/** How it has to end. */
const expected = (accounts: ReadonlyArray<Account>) =>
  accounts.flatMap(({ isOpened, isClosed, credits }, n) =>
    !isOpened && !isClosed && credits.length === 0
      ? []
      : [
          {
            account: `a${n}`,
            is_open: isOpened,
            is_closed: isClosed,
            balance: isClosed ? 0 : sum(credits),
            returned: isClosed ? sum(credits) : 0
          }
        ]
  )

const clean: Given = {
  accounts: [
    { isOpened: true, isClosed: true, credits: [3, 4] },
    { isOpened: true, isClosed: false, credits: [5] },
    { isOpened: true, isClosed: true, credits: [] }
  ],
  order: Array.from({ length: 40 }, (_, n) => n),
  twice: [],
  failures: [],
  crashes: [],
  processes: 1,
  batch: 100
}

layer(Layer.provideMerge(Layer.effectDiscard(createTables), Layer.merge(layerWorld, Wakeups.layer)), {
  excludeTestServices: true
})("a saga", (it) => {
  it.effect(
    "ends as it should in a clean run, and the same when its process is killed at any boundary of it",
    () =>
      Effect.gen(function* () {
        const { ended, boundaries } = yield* story(clean)
        assert.deepStrictEqual(ended, expected(clean.accounts))
        // Nine handlers and calls, each with its acknowledgement, and as many publishes.
        assert.isAbove(boundaries, 15)
        yield* Effect.forEach(
          [...Array(boundaries).keys()],
          (boundary) =>
            Effect.map(story({ ...clean, crashes: [boundary] }), (killed) =>
              assert.deepStrictEqual(killed.ended, ended, `killed at boundary ${boundary}`)
            ),
          { concurrency: 4 }
        )
      }),
    60_000
  )

  it.effect(
    "ends the same in any order across topics, with duplicates, failures, kills and restarts, in one process or two",
    () =>
      Effect.gen(function* () {
        const run = Effect.runPromiseWith(yield* Effect.context<Effect.Services<ReturnType<typeof story>>>())
        yield* Effect.promise(() =>
          fc.assert(
            fc.asyncProperty(given, async (given) => {
              assert.deepStrictEqual((await run(story(given))).ended, expected(given.accounts))
            }),
            { numRuns: 25, endOnFailure: true }
          )
        )
      }),
    120_000
  )
})
