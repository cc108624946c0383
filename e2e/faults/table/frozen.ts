import { eventually } from "@flowforge/testkit"
import { Effect } from "effect"
import type { Fault } from "../fault.ts"
import { WORKERS } from "../../system/programs.ts"
import type { Member } from "../installation/fleet.ts"
import type { Installation } from "../installation/installation.ts"

/** Longer than a member's session in its group, than PostgreSQL keeps an open transaction, and than a lock's session lives. */
const PAST_EVERYTHING = "20 seconds"

/** Longer than any transaction of a process that runs: only a frozen one has had its open for so long. */
const FROZEN_FOR = "300 milliseconds"

/** Freezes it again and again until it has a transaction open. */
const freezeInTransaction = (member: Member, { records: { sql } }: Installation["Service"]) =>
  eventually(
    `${member.name} is frozen inside a transaction`,
    Effect.gen(function* () {
      yield* member.process.freeze
      yield* Effect.sleep("400 millis")
      const open = yield* sql`SELECT FROM pg_stat_activity
        WHERE application_name = ${`flowforge ${member.name}`} AND state <> 'idle'
          AND xact_start < clock_timestamp() - ${FROZEN_FOR}::interval`
      if (open.length > 0) return true
      yield* member.process.thaw
      yield* Effect.sleep("50 millis")
      return false
    }),
    "60 seconds"
  ).pipe(Effect.orDie)

export const frozen: ReadonlyArray<Fault> = [
  {
    name: "consumers-frozen",
    what: "one process of each worker is frozen for 20 s, past its session, and wakes as a zombie",
    happen: ({ fleet }) =>
      Effect.gen(function* () {
        const some = WORKERS.map((name) => fleet.of(name)[0]!)
        yield* Effect.forEach(some, ({ process }) => process.freeze)
        yield* Effect.sleep(PAST_EVERYTHING)
        yield* Effect.forEach(some, ({ process }) => process.thaw)
      })
  },
  ...WORKERS.map((name): Fault => ({
    name: `${name}-frozen-in-transaction`,
    what: `one ${name} process is frozen for 20 s inside a transaction, and wakes as a zombie`,
    happen: (installation) =>
      Effect.gen(function* () {
        const member = installation.fleet.of(name)[0]!
        yield* freezeInTransaction(member, installation)
        yield* Effect.sleep(PAST_EVERYTHING)
        yield* member.process.thaw
      })
  }))
]
