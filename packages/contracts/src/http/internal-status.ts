import { Schema } from "effect"

/** Where every process says how it stands, on its management port. */
export const INTERNAL_STATUS = "/internal/status"

const byTopic = <S extends Schema.Top>(schema: S) => Schema.Record(Schema.String, schema)

/** How a consumer group stands, as each of its members sees it. */
export const GroupStatus = Schema.Struct({
  members: Schema.Int,
  /** Records that the group has not acknowledged. */
  lag: byTopic(Schema.Int),
  /** So long the oldest of them has waited at least: whole seconds, 0 where none waits. What is parked waits for nobody. */
  oldest_unhandled_seconds: Schema.Int,
  /** Those that nobody has replayed or discarded yet; `oldest` is when it died, ISO 8601. */
  dead_letters: byTopic(Schema.Struct({ count: Schema.Int, oldest: Schema.String }))
})
export type GroupStatus = typeof GroupStatus.Type

/** What a process says of itself. For the operator, which has no access to Kafka and PostgreSQL. */
export const InternalStatus = Schema.Struct({
  process: Schema.String,
  /** The groups that the process is a member of. */
  groups: Schema.Record(Schema.String, GroupStatus),
  /** So long the oldest event of this service's outbox has waited for its relay: whole seconds, 0 where none waits. */
  oldest_unpublished_seconds: Schema.Int
})
export type InternalStatus = typeof InternalStatus.Type
