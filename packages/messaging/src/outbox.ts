import { Context, Effect, Layer } from "effect"
import { SqlClient, type SqlError } from "effect/sql"
import type { Message } from "./message.ts"
import { Wakeups } from "./wakeups.ts"

const utf8 = new TextEncoder()

/**
 * Where a service leaves the messages that its change of state implies: appended inside the caller's transaction, so
 * that both commit or neither does. The relay (or the embedded broker) takes them from there, woken after the commit.
 */
export class Outbox extends Context.Service<
  Outbox,
  {
    readonly append: (messages: ReadonlyArray<Message>) => Effect.Effect<void, SqlError.SqlError>
  }
>()("@flowforge/messaging/Outbox") {
  /** An outbox whose messages say they come from `source`, the service's name. */
  static readonly layer = (source: string): Layer.Layer<Outbox, never, SqlClient.SqlClient | Wakeups> =>
    Layer.effect(
      Outbox,
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        const wakeups = yield* Wakeups
        return Outbox.of({
          append: Effect.fnUntraced(function* (messages) {
            if (messages.length === 0) return
            yield* sql.unsafe(
              `INSERT INTO outbox (source, topic, partition, key, event_id, value, headers)
               SELECT $1, * FROM unnest($2::text[], $3::int[], $4::text[], $5::uuid[], $6::bytea[], $7::bytea[])`,
              [
                source,
                messages.map((message) => message.topic),
                messages.map((message) => message.partition),
                messages.map((message) => message.key),
                messages.map((message) => message.eventId),
                messages.map((message) => message.value),
                messages.map((message) =>
                  utf8.encode(JSON.stringify({ ce_source: `/flowforge/${source}`, ...message.headers }))
                )
              ]
            )
            yield* sql.afterCommit(wakeups.notify(new Set(messages.map((message) => message.topic))))
          })
        })
      })
    )
}
