import { type AuditContext, ledgerOf, RecordUnreadable, type SentMessage } from "@flowforge/embedded/audit"
import { ObjectStore } from "@flowforge/platform"
import { layerS3 } from "@flowforge/platform/s3"
import type { Moto } from "@flowforge/testkit/moto"
import { OBJECT_STORE_BUCKET, OBJECT_STORE_CREDENTIALS, OBJECT_STORE_REGION } from "@flowforge/testkit/object-store"
import { Context, Effect, Layer, Redacted, Stream } from "effect"
import { SqlClient } from "effect/sql"

const MESSAGE_ID = /^Message-ID: <([0-9a-f-]{36})@/mu
const ABOUT = /your order ([0-9a-f]{12}) (?:for [\d.,]+ is|was) (confirmed|cancelled)/u

/** What SES and SNS took. A mail carries the notification's id, an SMS only says of which order it is. */
const messagesOf = (moto: Moto, sql: SqlClient.SqlClient): Stream.Stream<SentMessage, RecordUnreadable> =>
  Stream.unwrap(
    Effect.gen(function* () {
      const [mails, texts] = yield* Effect.all([moto.mails, moto.texts])
      const rows = yield* sql<{ readonly id: string; readonly about: string }>`
        SELECT notification_id::text AS id, right(order_id::text, 12) || ' ' || split_part(kind, '_', 1) AS about
        FROM notifications WHERE kind LIKE '%\\_sms'`
      const idOf = new Map(rows.map(({ about, id }) => [about, id]))
      return Stream.fromIterable([
        ...mails.map((mail) => ({ id: MESSAGE_ID.exec(mail)?.[1] ?? mail.slice(0, 80) })),
        ...texts.map((text) => {
          const [, order, end] = ABOUT.exec(text) ?? []
          return { id: idOf.get(`${order} ${end}`) ?? text }
        })
      ])
    }).pipe(Effect.mapError(({ message }) => new RecordUnreadable({ message })))
  )

/** What an audit of an installation compares: the database, and what the companies outside have on record. */
export const recordsOf = Effect.fnUntraced(function* (servers: {
  readonly gatewayUrl: string
  readonly objectsUrl: string
  readonly moto: Moto
}) {
  const sql = yield* SqlClient.SqlClient
  const { accessKeyId, secretAccessKey } = OBJECT_STORE_CREDENTIALS
  const store = yield* Layer.build(
    layerS3({
      endpoint: servers.objectsUrl,
      region: OBJECT_STORE_REGION,
      bucket: OBJECT_STORE_BUCKET,
      pathStyle: true,
      credentials: { accessKeyId, secretAccessKey: Redacted.make(secretAccessKey) }
    })
  )
  return {
    sql,
    ledger: ledgerOf(servers.gatewayUrl),
    messages: messagesOf(servers.moto, sql),
    objects: Context.get(store, ObjectStore)
  } satisfies AuditContext<RecordUnreadable>
})
