import { mkdir, readFile, rm, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { Effect, Schema } from "effect"
import { RunningSystem } from "./system.ts"

/** The file that says where a system of separate processes is cannot be used. `message` says what to do. */
export class SystemRecordUnreadable extends Schema.TaggedError<SystemRecordUnreadable>()("SystemRecordUnreadable", {
  message: Schema.String
}) {}

/** Where `npm run up` leaves word of what it started, when FLOWFORGE_DATA names no folder. */
export const CONTAINERS_FOLDER = ".flowforge-containers"

export const systemRecordOf = (folder: string): string => join(folder, "system.json")

/** Says where a system of separate processes is. It stays until {@link forgetSystem}. */
export const recordSystem = async (folder: string, system: RunningSystem): Promise<void> => {
  await mkdir(folder, { recursive: true })
  await writeFile(systemRecordOf(folder), `${JSON.stringify(system, undefined, 2)}\n`, { mode: 0o600 })
}

export const forgetSystem = (folder: string): Promise<void> => rm(systemRecordOf(folder), { force: true })

/** What the folder says of a system of separate processes; undefined when it says nothing. */
export const readSystem = (folder: string): Effect.Effect<RunningSystem | undefined, SystemRecordUnreadable> =>
  Effect.gen(function* () {
    const path = systemRecordOf(folder)
    const unreadable = ({ message }: { readonly message: string }) =>
      new SystemRecordUnreadable({
        message: `${path} does not say where a FlowForge is: ${message}\n"npm run up" writes it anew.`
      })
    const text = yield* Effect.tryPromise({
      try: () =>
        readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
          if (error.code === "ENOENT" || error.code === "ENOTDIR") return undefined
          throw error
        }),
      catch: (cause) => unreadable(cause as Error)
    })
    if (text === undefined) return undefined
    return yield* Schema.decodeUnknownEffect(Schema.fromJsonString(RunningSystem))(text).pipe(
      Effect.mapError(unreadable)
    )
  })
