import type { ObjectStoreUnavailable } from "@flowforge/platform"
import { Effect } from "effect"
import type { SqlClient, SqlError } from "effect/sql"
import { type Check, EXAMPLES, type Finding, type OptionalCheck, WITHOUT } from "./check.ts"
import { messageChecks } from "./checks/messages.ts"
import { moneyChecks } from "./checks/money.ts"
import { notificationChecks } from "./checks/notifications.ts"
import { orderChecks } from "./checks/orders.ts"
import { stockChecks } from "./checks/stock.ts"
import type { AuditContext, AuditOptions } from "./context.ts"
import { load } from "./load.ts"
import { checkReceipts } from "./receipts.ts"

export const checks: ReadonlyArray<Check | OptionalCheck> = [
  ...orderChecks,
  ...moneyChecks,
  ...stockChecks,
  ...notificationChecks,
  ...messageChecks
]

/** Holds every invariant of the architecture against the database and the outside records. Changes nothing. */
export const audit = <E>(
  context: AuditContext<E>,
  options: AuditOptions
): Effect.Effect<ReadonlyArray<Finding>, E | SqlError.SqlError | ObjectStoreUnavailable> =>
  onOneConnection(
    context.sql,
    Effect.gen(function* () {
      // A million orders take some seconds, and nothing here holds a row or a transaction id while it reads.
      yield* context.sql.unsafe("SET transaction_timeout = 0")
      yield* load(context, options)
      const given = { ...options, messages: context.messages }
      const findings = yield* Effect.forEach(checks, (check) =>
        "needs" in check && given[check.needs] === undefined ? Effect.succeed(notAsked(check)) : run(context.sql, check)
      )
      return [...findings, yield* checkReceipts(context)]
    }).pipe(Effect.ensuring(Effect.ignore(context.sql.unsafe("RESET transaction_timeout"))))
  )

/** Temporary tables belong to a connection, so everything runs on one; without a transaction around it. */
const onOneConnection = <A, E, R>(sql: SqlClient.SqlClient, effect: Effect.Effect<A, E, R>) =>
  Effect.scoped(
    Effect.flatMap(sql.reserve, (connection) =>
      Effect.provideService(effect, sql.transactionService, [connection, 0] as const)
    )
  )

const notAsked = ({ invariant, needs }: OptionalCheck): Finding => ({
  invariant,
  violations: undefined,
  notAsked: WITHOUT[needs],
  examples: []
})

interface Row {
  readonly violations: number
  readonly examples: ReadonlyArray<string>
  readonly excused: number
  readonly excuses: ReadonlyArray<string>
}

const run = Effect.fnUntraced(function* (sql: SqlClient.SqlClient, { excuses, invariant, violations }: Check) {
  const [row] = yield* sql.unsafe<Row>(
    `WITH violation AS MATERIALIZED (SELECT v.*${excuses ? "" : ", NULL AS trouble"} FROM (${violations}) v)
     SELECT (SELECT count(*) FROM violation WHERE trouble IS NULL)::integer AS violations,
       ARRAY(SELECT subject || ': ' || detail FROM violation WHERE trouble IS NULL ORDER BY subject LIMIT ${EXAMPLES}) AS examples,
       (SELECT count(*) FROM violation WHERE trouble IS NOT NULL)::integer AS excused,
       ARRAY(SELECT subject || ': ' || trouble FROM violation WHERE trouble IS NOT NULL ORDER BY subject LIMIT ${EXAMPLES}) AS excuses`
  )
  return {
    invariant,
    violations: row?.violations ?? 0,
    examples: row?.examples ?? [],
    ...(row === undefined || row.excused === 0 ? {} : { excused: { count: row.excused, examples: row.excuses } })
  } satisfies Finding
})
