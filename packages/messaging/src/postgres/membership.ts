import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { ensureEpoch } from "../relay/epoch.ts"
import { cursorKey, holdCursor } from "./held.ts"
import { type Member, reached } from "./member.ts"
import { BEAT, CREATE_CURSORS, LEAVE, type OwnedRow } from "./statements.ts"

/** Makes the cursors of the group that are missing, at the beginning of the outbox; before anybody reads or writes it, its epoch. */
export const prepare = (member: Member) => {
  const { group, topics } = member.options
  const cursors = topics.flatMap((topic) =>
    Array.from({ length: topic.partitions }, (_, partition) => ({ topic: topic.name, partition }))
  )
  return Effect.andThen(
    Effect.provideService(ensureEpoch, SqlClient.SqlClient, member.sql),
    member.sql.unsafe(CREATE_CURSORS, [
      group,
      cursors.map((cursor) => cursor.topic),
      cursors.map((cursor) => cursor.partition)
    ])
  )
}

/** Prolongs the lease, and takes up, gives up or forgets partitions as the table says. */
export const beat = (member: Member) =>
  member.ownership.withPermit(
    Effect.gen(function* () {
      const startedAt = member.now()
      const rows = yield* member.sql.unsafe<OwnedRow>(BEAT, [
        member.options.group,
        member.id,
        member.settings.leaseMillis,
        member.options.topics.map((topic) => topic.name)
      ])
      member.leaseUntil = startedAt + member.settings.leaseMillis
      reconcile(member, rows)
      yield* reached(member)
    })
  )

const reconcile = (member: Member, rows: ReadonlyArray<OwnedRow>): void => {
  const owned = new Map(rows.map((row) => [cursorKey(row), row]))
  for (const [key, held] of member.held) {
    if (owned.get(key)?.lease_epoch !== held.leaseEpoch) member.held.delete(key)
  }
  for (const [key, row] of owned) {
    const held = member.held.get(key)
    if (held === undefined) member.held.set(key, holdCursor(row))
    else held.revoked = !row.wanted
    if (!row.wanted) member.bells.acknowledge.ring()
  }
  member.bells.fetch.ring()
  for (const bell of member.bells.lanes.values()) bell.ring()
}

export const leave = (member: Member) => member.sql.unsafe(LEAVE, [member.options.group, member.id])
