import { readFile, rm, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { Effect, Schema, type Scope } from "effect"
import { DataFolderUnusable, holderOf, inFolder } from "./lock.ts"

/** Where the parts of a running embedded system are: what the demo, the audit and the bench need to find it. */
export const InstanceRecord = Schema.Struct({
  pid: Schema.Int,
  publicUrl: Schema.String,
  managementUrl: Schema.String,
  /** With its password: the file is for its owner only. */
  postgresUrl: Schema.String,
  gatewayUrl: Schema.String,
  objectsFolder: Schema.String,
  mailFolder: Schema.String
})
export type InstanceRecord = typeof InstanceRecord.Type

const pathOf = (folder: string): string => join(folder, "instance.json")

/** Writes the record for as long as the scope is open. */
export const publishRecord = (
  folder: string,
  record: InstanceRecord
): Effect.Effect<void, DataFolderUnusable, Scope.Scope> =>
  Effect.acquireRelease(
    inFolder(folder, () => writeFile(pathOf(folder), JSON.stringify(record, undefined, 2), { mode: 0o600 })),
    () => Effect.promise(() => rm(pathOf(folder), { force: true }))
  )

/** The system that runs on this data folder now. */
export const findInstance = (folder: string): Effect.Effect<InstanceRecord, DataFolderUnusable> =>
  Effect.gen(function* () {
    const notRunning = new DataFolderUnusable({
      message: `No FlowForge is running on ${folder}. Start one with "npm start" (in another terminal), or name its folder with FLOWFORGE_DATA.`
    })
    if ((yield* Effect.promise(() => holderOf(folder))) === undefined) return yield* notRunning
    const text = yield* Effect.tryPromise({ try: () => readFile(pathOf(folder), "utf8"), catch: () => notRunning })
    return yield* Schema.decodeUnknownEffect(Schema.fromJsonString(InstanceRecord))(text).pipe(
      Effect.mapError(() => notRunning)
    )
  })
