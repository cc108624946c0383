import { Effect, Stream } from "effect"
import type { SqlClient } from "effect/sql"
import type { SentMessage } from "./context.ts"
import { RecordUnreadable } from "./record-unreadable.ts"

/** What the stand-in for SES and SNS was given to send. */
export interface Sent {
  /** Mails as they went out, headers and all, oldest first. */
  readonly mails: ReadonlyArray<string>
  readonly texts: ReadonlyArray<{ readonly to: string; readonly text: string }>
}

interface Held {
  readonly ses?: { readonly RawMessage?: ReadonlyArray<{ readonly raw_data?: string }> }
  readonly sns?: { readonly SMS?: ReadonlyArray<{ readonly phone_number?: string; readonly message?: string }> }
}

export const sentBy = (url: string): Effect.Effect<Sent, RecordUnreadable> =>
  Effect.tryPromise({
    try: async () => {
      const { ses, sns } = (await (await fetch(`${url}/moto-api/data.json`)).json()) as Held
      return {
        mails: (ses?.RawMessage ?? []).map(({ raw_data = "" }) => raw_data),
        texts: (sns?.SMS ?? []).map(({ message = "", phone_number = "" }) => ({ to: phone_number, text: message }))
      }
    },
    catch: (cause) =>
      new RecordUnreadable({ message: `The sent messages at ${url} cannot be read: ${(cause as Error).message}` })
  })

const MESSAGE_ID = /^Message-ID: <([0-9a-f-]{36})@/mu
const ABOUT = /\border ([0-9a-f]{12}) (?:for [\d.,]+ is|was) (confirmed|cancelled)/u

/** The notifications that the sent messages are of. A mail carries the id, an SMS only says of which order it is. */
export const messagesAt = (
  sent: Effect.Effect<Sent, RecordUnreadable>,
  sql: SqlClient.SqlClient
): Stream.Stream<SentMessage, RecordUnreadable> =>
  Stream.unwrap(
    Effect.gen(function* () {
      const { mails, texts } = yield* sent
      const rows = yield* sql<{ readonly id: string; readonly about: string }>`
        SELECT notification_id::text AS id, right(order_id::text, 12) || ' ' || split_part(kind, '_', 1) AS about
        FROM notifications WHERE kind LIKE '%\\_sms'`.pipe(
        Effect.mapError(({ message }) => new RecordUnreadable({ message: `The database cannot be read: ${message}` }))
      )
      const idOf = new Map(rows.map(({ about, id }) => [about, id]))
      return Stream.fromIterable([
        ...mails.map((mail) => ({ id: MESSAGE_ID.exec(mail)?.[1] ?? mail.slice(0, 80) })),
        ...texts.map(({ text }) => {
          const [, order, end] = ABOUT.exec(text) ?? []
          return { id: idOf.get(`${order} ${end}`) ?? text }
        })
      ])
    })
  )
