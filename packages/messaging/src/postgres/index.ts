import { Effect, Layer } from "effect"
import { SqlClient, type SqlError } from "effect/sql"
import { Broker } from "../broker.ts"
import { PublishFailed } from "../errors.ts"
import type { Message } from "../message.ts"
import { encodeHeaders } from "../outbox-headers.ts"
import { Wakeups } from "../wakeups.ts"
import type { Settings } from "./member.ts"
import { BROKER_SOURCE, CLUSTER_ID, PUBLISH } from "./statements.ts"
import { join } from "./subscription.ts"

/** What a wrong value gives (data exceptions and broken constraints): no repeating helps. */
const isRefusal = (error: SqlError.SqlError): boolean => {
  const code = (error.reason.cause as { readonly code?: unknown } | undefined)?.code
  return typeof code === "string" && (code.startsWith("22") || code.startsWith("23"))
}

const publishFailed = (error: SqlError.SqlError): PublishFailed =>
  new PublishFailed({ reason: error.message, refused: isRefusal(error) })

const publish = (sql: SqlClient.SqlClient, wakeups: Wakeups["Service"], messages: ReadonlyArray<Message>) => {
  if (messages.length === 0) return Effect.void
  return sql
    .unsafe(PUBLISH, [
      messages.map((message) => message.topic),
      messages.map((message) => message.partition),
      messages.map((message) => message.key),
      messages.map((message) => message.eventId),
      messages.map((message) => message.value),
      messages.map(({ eventId, headers, key, topic, value }) =>
        encodeHeaders({ source: BROKER_SOURCE, topic, key, event_id: eventId, value }, headers)
      )
    ])
    .pipe(
      Effect.mapError(publishFailed),
      Effect.andThen(wakeups.notify(new Set(messages.map((message) => message.topic))))
    )
}

export interface PostgresBrokerOptions {
  /** How long a member that does not answer keeps its partitions: milliseconds, 5,000 by default. */
  readonly leaseMillis?: number
  /** How long closing a subscription waits for the batch in hand: milliseconds, 5,000 by default. */
  readonly closeMillis?: number
}

/** The embedded broker: consumer groups that read the outbox itself, on one PostgreSQL, with no relay between. */
export const layerWith = (options: PostgresBrokerOptions): Layer.Layer<Broker, never, SqlClient.SqlClient | Wakeups> =>
  Layer.effect(
    Broker,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const wakeups = yield* Wakeups
      const settings: Settings = { leaseMillis: options.leaseMillis ?? 5000, closeMillis: options.closeMillis ?? 5000 }
      return Broker.of({
        publish: (messages) => publish(sql, wakeups, messages),
        subscribe: (subscribe) => join(sql, wakeups, subscribe, settings),
        clusterId: Effect.mapBoth(sql.unsafe<{ id: string }>(CLUSTER_ID), {
          onSuccess: (rows) => rows[0]!.id,
          onFailure: publishFailed
        })
      })
    })
  )

export const layer: Layer.Layer<Broker, never, SqlClient.SqlClient | Wakeups> = layerWith({})
