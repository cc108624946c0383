import { resolve } from "node:path"
import { Config, Effect, Option, Result, Schema } from "effect"
import { USUAL_FOLDER } from "../config.ts"
import { findInstance } from "../instance/record.ts"
import { CONTAINERS_FOLDER, readSystem, type SystemRecordUnreadable } from "./record.ts"
import { type RunningSystem, systemOf } from "./system.ts"

/** No FlowForge runs where one was looked for. `message` says how to start one. */
export class NoSystem extends Schema.TaggedError<NoSystem>()("NoSystem", { message: Schema.String }) {}

/** It cannot be said which FlowForge is meant, or the one that should run does not answer. `message` says what to do. */
export class SystemUnclear extends Schema.TaggedError<SystemUnclear>()("SystemUnclear", { message: Schema.String }) {}

export interface FoundSystem {
  readonly folder: string
  readonly system: RunningSystem
}

/**
 * The folders in which a running FlowForge leaves word of itself: the one that FLOWFORGE_DATA names; without it that of
 * `npm start` and that of `npm run up`.
 */
export const systemFolders: Config.Config<ReadonlyArray<string>> = Config.NonEmptyString("FLOWFORGE_DATA").pipe(
  Config.option,
  Config.map(Option.match({ onNone: () => [USUAL_FOLDER, CONTAINERS_FOLDER], onSome: (folder) => [folder] })),
  Config.map((folders) => folders.map((folder) => resolve(folder)))
)

/** The one system that runs on these folders, whichever way it runs. */
export const findSystem = (
  folders: ReadonlyArray<string>
): Effect.Effect<FoundSystem, NoSystem | SystemRecordUnreadable | SystemUnclear> =>
  Effect.gen(function* () {
    const looked = yield* Effect.forEach(folders, (folder) => Effect.result(lookInto(folder)))
    const [found, another] = looked.flatMap((one) => (Result.isSuccess(one) ? (one.success ?? []) : []))
    if (found !== undefined && another !== undefined) return yield* several(found, another)
    if (found !== undefined) return found
    for (const one of looked) if (Result.isFailure(one)) return yield* one.failure
    return yield* new NoSystem({
      message: `No FlowForge is running on ${folders.join(" or ")}. Start one with "npm start" (in another terminal) or with "npm run up" (in containers), or name its folder with FLOWFORGE_DATA.`
    })
  })

const several = (one: FoundSystem, other: FoundSystem) =>
  new SystemUnclear({
    message: `Two run: one on ${one.folder} (${one.system.publicUrl}), one on ${other.folder} (${other.system.publicUrl}). Say which is meant: FLOWFORGE_DATA=${one.folder}, or FLOWFORGE_DATA=${other.folder}.`
  })

/** The system of this folder; undefined when none should be running. */
const lookInto = Effect.fnUntraced(function* (folder: string) {
  const instance = yield* Effect.option(findInstance(folder))
  if (Option.isSome(instance)) return { folder, system: systemOf(instance.value) } satisfies FoundSystem
  const system = yield* readSystem(folder)
  if (system === undefined) return undefined
  if (!(yield* answers(system.managementUrl))) {
    return yield* new SystemUnclear({
      message: `The FlowForge of ${folder} should be running, but does not answer on ${system.managementUrl}. "docker compose ps" says how its containers are, "npm run up" brings them back, "npm run down" says that it should not run.`
    })
  }
  return { folder, system } satisfies FoundSystem
})

const PATIENCE_MILLIS = 3_000

/** Another FlowForge may have taken the port: an embedded one has another name. */
const answers = (managementUrl: string): Effect.Effect<boolean> =>
  Effect.promise(async () => {
    try {
      const response = await fetch(`${managementUrl}/version`, { signal: AbortSignal.timeout(PATIENCE_MILLIS) })
      return ((await response.json()) as { readonly name?: string }).name === "flowforge api"
    } catch {
      return false
    }
  })
