import { layerPostgres, ObjectStore } from "@flowforge/platform"
import { Context, Effect, Layer, Redacted, type Scope } from "effect"
import { SqlClient } from "effect/sql"
import type { InstanceRecord } from "../instance/record.ts"
import { type RunningSystem, systemOf } from "../running/index.ts"
import { audit } from "./audit.ts"
import type { Finding } from "./check.ts"
import type { AuditContext, AuditOptions } from "./context.ts"
import { messagesIn, receiptsIn } from "./folders.ts"
import { ledgerOf } from "./ledger.ts"
import { messagesAt, sentBy } from "./moto.ts"
import { RecordUnreadable } from "./record-unreadable.ts"

/** The database and the outside records of a running system, wherever it keeps them. */
export const contextOf = (
  system: RunningSystem
): Effect.Effect<AuditContext<RecordUnreadable>, never, SqlClient.SqlClient | Scope.Scope> =>
  Effect.gen(function* () {
    const { gatewayUrl, messages, receipts } = system
    const sql = yield* SqlClient.SqlClient
    return {
      sql,
      ledger: ledgerOf(gatewayUrl),
      messages: messages.kind === "folder" ? messagesIn(messages.folder) : messagesAt(sentBy(messages.url), sql),
      objects: receipts.kind === "folder" ? receiptsIn(receipts.folder) : yield* receiptsAt(receipts)
    }
  })

/** AWS's SDK costs 200 ms: it is loaded where there is an S3. */
const receiptsAt = Effect.fnUntraced(function* (at: Extract<RunningSystem["receipts"], { kind: "s3" }>) {
  const { layerS3 } = yield* Effect.promise(() => import("@flowforge/platform/s3"))
  const { accessKeyId, bucket, endpoint, region, secretAccessKey } = at
  const credentials = { accessKeyId, secretAccessKey: Redacted.make(secretAccessKey) }
  return Context.get(
    yield* Layer.build(layerS3({ bucket, endpoint, region, pathStyle: true, credentials })),
    ObjectStore
  )
})

/**
 * Audits a running system. `notificationsKept: false` for one whose receipts and mails go nowhere: then nothing is said
 * about them.
 */
export const auditSystem = (
  system: RunningSystem,
  { notificationsKept = true, ...options }: AuditOptions & { readonly notificationsKept?: boolean }
): Effect.Effect<ReadonlyArray<Finding>, RecordUnreadable> =>
  contextOf(system).pipe(
    Effect.flatMap((context) =>
      audit(notificationsKept ? context : { ...context, messages: undefined, objects: undefined }, options)
    ),
    Effect.scoped,
    Effect.provide(
      layerPostgres({ url: Redacted.make(system.postgresUrl), applicationName: "audit", maxConnections: 1 })
    ),
    Effect.catchTags({
      ObjectStoreUnavailable: ({ reason }) =>
        Effect.fail(new RecordUnreadable({ message: `A stored receipt cannot be read: ${reason}` })),
      SqlError: ({ message, reason }) =>
        Effect.fail(new RecordUnreadable({ message: `The database cannot be read: ${message} (${reason._tag})` }))
    })
  )

/** {@link auditSystem} of an embedded one. */
export const auditInstance = (instance: InstanceRecord, options: Parameters<typeof auditSystem>[1]) =>
  auditSystem(systemOf(instance), options)
