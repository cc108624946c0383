import { existsSync } from "node:fs"
import { opendir, readFile } from "node:fs/promises"
import { join } from "node:path"
import { GatewayControlApi } from "@flowforge/contracts"
import { layerPostgres, ObjectStoreUnavailable } from "@flowforge/platform"
import { Effect, Option, Redacted, Schema, Stream } from "effect"
import { FetchHttpClient } from "effect/http"
import { HttpApiClient } from "effect/http-api"
import { SqlClient } from "effect/sql"
import type { InstanceRecord } from "../instance/record.ts"
import { audit } from "./audit.ts"
import type { Finding } from "./check.ts"
import type { AuditContext, AuditOptions, SentMessage } from "./context.ts"

/** An outside record cannot be read. `message` says which, and what to do. */
export class RecordUnreadable extends Schema.TaggedError<RecordUnreadable>()("RecordUnreadable", {
  message: Schema.String
}) {}

const PAGE = 1_000
/** Names read from a folder at once. */
const READ_AHEAD = 1_024

/** The database and the outside records of a running embedded system. */
export const contextOfInstance = (
  instance: InstanceRecord
): Effect.Effect<AuditContext<RecordUnreadable>, never, SqlClient.SqlClient> =>
  Effect.map(SqlClient.SqlClient, (sql) => ({
    sql,
    ledger: ledgerOf(instance.gatewayUrl),
    messages: messagesIn(instance.mailFolder),
    objects: { get: (key) => readObject(join(instance.objectsFolder, key)) }
  }))

/**
 * Audits a running embedded system. `notificationsKept: false` for one whose receipts and mails go nowhere: then
 * nothing is said about them.
 */
export const auditInstance = (
  instance: InstanceRecord,
  { notificationsKept = true, ...options }: AuditOptions & { readonly notificationsKept?: boolean }
): Effect.Effect<ReadonlyArray<Finding>, RecordUnreadable> =>
  contextOfInstance(instance).pipe(
    Effect.flatMap((context) =>
      audit(notificationsKept ? context : { ...context, messages: undefined, objects: undefined }, options)
    ),
    Effect.provide(
      layerPostgres({ url: Redacted.make(instance.postgresUrl), applicationName: "audit", maxConnections: 1 })
    ),
    Effect.catchTags({
      ObjectStoreUnavailable: ({ reason }) =>
        Effect.fail(new RecordUnreadable({ message: `A stored receipt cannot be read: ${reason}` })),
      SqlError: ({ message, reason }) =>
        Effect.fail(new RecordUnreadable({ message: `The database cannot be read: ${message} (${reason._tag})` }))
    })
  )

/** The ledger of the payment company at this address. */
export const ledgerOf = (url: string): AuditContext<RecordUnreadable>["ledger"] =>
  Stream.unwrap(
    Effect.map(HttpApiClient.make(GatewayControlApi, { baseUrl: url }), (gateway) =>
      Stream.paginate(0, (after) =>
        gateway.control.ledger({ query: { after, limit: PAGE } }).pipe(
          Effect.map(({ entries }) => [entries, Option.map(lastOf(entries), ({ sequence }) => sequence)] as const),
          Effect.mapError(
            (error) => new RecordUnreadable({ message: `The gateway's ledger cannot be read: ${error.message}` })
          )
        )
      )
    )
  ).pipe(Stream.provide(FetchHttpClient.layer))

const lastOf = <A>(entries: ReadonlyArray<A>): Option.Option<A> => Option.fromNullishOr(entries.at(-1))

const UUID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/u

/** Each file is a message and carries the notification's id in its name. No folder yet: nothing was sent. */
const messagesIn = (folder: string): Stream.Stream<SentMessage, RecordUnreadable> =>
  Stream.fromAsyncIterable(sentMessages(folder), (cause) => {
    const { message } = cause as Error
    return new RecordUnreadable({ message: `The sent messages in ${folder} cannot be read: ${message}` })
  })

async function* sentMessages(folder: string): AsyncGenerator<SentMessage> {
  if (!existsSync(folder)) return
  // Folder by folder: Node's own recursion holds the names of all of them.
  for await (const entry of await opendir(folder, { bufferSize: READ_AHEAD })) {
    const id = UUID.exec(entry.name)?.[0]
    if (entry.isDirectory()) yield* sentMessages(join(folder, entry.name))
    else if (id !== undefined) yield { id }
  }
}

const readObject = (path: string) =>
  Effect.tryPromise({
    try: () =>
      readFile(path).then(Option.some, (error: NodeJS.ErrnoException) => {
        if (error.code === "ENOENT") return Option.none()
        throw error
      }),
    catch: (cause) => new ObjectStoreUnavailable({ reason: (cause as Error).message })
  })
