import { existsSync } from "node:fs"
import { readdir, rm } from "node:fs/promises"
import { join } from "node:path"
import { Effect } from "effect"
import { stopOrphan } from "@flowforge/platform/embedded-postgres"
import { DataFolderUnusable, holderOf, inFolder, lockDataFolder } from "../instance/lock.ts"

/** All that an embedded system writes into its data folder. Nothing else in there is touched. */
export const CONTENTS = ["postgres", "gateway", "objects", "mail", "signing-key", "instance.json"]

/** What a reset of this folder would remove. Refused while a system runs on it. */
export const removableIn = (folder: string): Effect.Effect<ReadonlyArray<string>, DataFolderUnusable> =>
  Effect.gen(function* () {
    const pid = yield* Effect.promise(() => holderOf(folder))
    if (pid !== undefined) {
      return yield* new DataFolderUnusable({
        message: `Nothing was removed: FlowForge is running on ${folder} (process ${pid}). Stop it first.`
      })
    }
    return yield* presentIn(folder)
  })

const presentIn = (folder: string) =>
  existsSync(folder)
    ? Effect.map(
        inFolder(folder, () => readdir(folder)),
        (names) => names.filter((name) => CONTENTS.includes(name))
      )
    : Effect.succeed([])

/** Removes what a system wrote into this folder. Answers false when there was nothing. Refused while one runs on it. */
export const reset = (folder: string): Effect.Effect<boolean, DataFolderUnusable> =>
  Effect.gen(function* () {
    if (!existsSync(folder)) return false
    yield* lockDataFolder(folder)
    yield* stopOrphan(join(folder, "postgres")).pipe(
      Effect.mapError(({ message }) => new DataFolderUnusable({ message }))
    )
    const present = yield* presentIn(folder)
    yield* Effect.tryPromise({
      try: () => Promise.all(present.map((name) => rm(join(folder, name), { recursive: true, force: true }))),
      catch: (cause) =>
        new DataFolderUnusable({ message: `Not everything in ${folder} could be removed: ${(cause as Error).message}` })
    })
    return present.length > 0
  }).pipe(Effect.scoped)
