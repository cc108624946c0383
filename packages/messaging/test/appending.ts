import { type Message, Outbox } from "@flowforge/messaging"
import { Deferred, Effect, Fiber } from "effect"
import { SqlClient } from "effect/sql"
import { COLUMNS, type RawRow, toRow } from "../src/relay/rows.ts"

/** Appends in one transaction. */
export const appendTo = (source: string, ...messages: ReadonlyArray<Message>) =>
  Outbox.use((outbox) => outbox.append(messages)).pipe(Effect.provide(Outbox.layer(source)))

/** Appends in a transaction that stays open until it is told to commit or to roll back. */
export const appendAndHold = Effect.fnUntraced(function* (source: string, ...messages: ReadonlyArray<Message>) {
  const sql = yield* SqlClient.SqlClient
  const appended = yield* Deferred.make<void>()
  const end = yield* Deferred.make<void, "rolled back">()
  const transaction = yield* Effect.gen(function* () {
    const outbox = yield* Outbox
    yield* outbox.append(messages)
    yield* Deferred.succeed(appended, undefined)
    yield* Deferred.await(end)
  }).pipe(sql.withTransaction, Effect.provide(Outbox.layer(source)), Effect.forkScoped)
  yield* Deferred.await(appended)
  return {
    commit: Effect.andThen(Deferred.succeed(end, undefined), Fiber.join(transaction)),
    rollBack: Effect.andThen(Deferred.fail(end, "rolled back"), Fiber.await(transaction))
  }
})

/** All that is in the outbox of a source, in order; not held back by transactions of other tests. */
export const committedIn = (source: string) =>
  SqlClient.SqlClient.use((sql) =>
    sql.unsafe<RawRow>(`SELECT ${COLUMNS} FROM outbox WHERE source = $1 ORDER BY outbox.epoch, outbox.xid, outbox.id`, [
      source
    ])
  ).pipe(Effect.map((rows) => rows.map((row) => toRow(source, row).message)))
