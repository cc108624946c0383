import { Context, Effect, Layer } from "effect"
import { SqlClient, type SqlError } from "effect/sql"
import type { Message } from "./message.ts"
import { encodeHeaders, sourceHeader } from "./outbox-headers.ts"
import { Wakeups } from "./wakeups.ts"

/**
 * Changes that go into the same statement as the messages about them: data-modifying CTEs (`a AS (INSERT …), b AS (…)`)
 * whose parameters are `values`, from `$1` on.
 */
export interface Changes {
  readonly ctes: string
  readonly values: ReadonlyArray<unknown>
}

const NO_CHANGES: Changes = { ctes: "", values: [] }

/**
 * Where a service leaves the messages that its change of state implies: appended inside the caller's transaction, so
 * that both commit or neither does. The relay (or the embedded broker) takes them from there, woken after the commit.
 */
export class Outbox extends Context.Service<
  Outbox,
  {
    /**
     * Appends in the caller's transaction. With `changes`, both are one statement: one round trip, and all that a
     * transaction needs when there is nothing else in it. Changes without a message are made all the same.
     */
    readonly append: (messages: ReadonlyArray<Message>, changes?: Changes) => Effect.Effect<void, SqlError.SqlError>
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
          append: Effect.fnUntraced(function* (messages, { ctes, values } = NO_CHANGES) {
            if (messages.length === 0 && ctes === "") return
            const n = (parameter: number) => `$${values.length + parameter}`
            yield* sql.unsafe(
              `${ctes === "" ? "" : `WITH ${ctes}`}
               INSERT INTO outbox (source, topic, partition, key, event_id, value, headers)
               SELECT ${n(1)}, * FROM unnest(
                 ${n(2)}::text[], ${n(3)}::int[], ${n(4)}::text[], ${n(5)}::uuid[], ${n(6)}::bytea[], ${n(7)}::bytea[])`,
              [
                ...values,
                source,
                messages.map((message) => message.topic),
                messages.map((message) => message.partition),
                messages.map((message) => message.key),
                messages.map((message) => message.eventId),
                messages.map((message) => message.value),
                messages.map(({ eventId, headers, key, topic, value }) =>
                  encodeHeaders(
                    { source, topic, key, event_id: eventId, value },
                    { ce_source: sourceHeader(source), ...headers }
                  )
                )
              ]
            )
            if (messages.length === 0) return
            yield* sql.afterCommit(wakeups.notify(new Set(messages.map((message) => message.topic))))
          })
        })
      })
    )
}
