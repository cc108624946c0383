import { findSystem, systemFolders, systemOf } from "@flowforge/embedded"
import { Console, Effect, Schema } from "effect"
import { systemOn } from "../system/launch.ts"

/** No FlowForge ran, and none could be started. */
export class CannotStart extends Schema.TaggedError<CannotStart>()("CannotStart", { message: Schema.String }) {}

/** The system that runs, embedded or in containers; where none does, an embedded one that is started for the scope. */
export const findOrStart = Effect.fnUntraced(function* (where: {
  readonly folder: string
  readonly publicPort: number
  readonly managementPort: number
}) {
  const { folder, managementPort, publicPort } = where
  return yield* findSystem(yield* systemFolders).pipe(
    Effect.tap((found) => Console.log(`FlowForge runs on ${found.folder}, at ${found.system.publicUrl}.`)),
    Effect.map((found) => found.system),
    Effect.catchTag("NoSystem", () =>
      Effect.gen(function* () {
        yield* Console.log(`No FlowForge runs on ${folder}: starting one for the demo …`)
        const system = systemOn(folder, publicPort, managementPort)
        const end = Effect.promise(() => system.end("SIGTERM"))
        const instance = yield* Effect.acquireRelease(Effect.void, () => end).pipe(
          Effect.andThen(Effect.tryPromise({ try: system.start, catch: (cause) => cannotStart(cause as Error) }))
        )
        yield* Effect.addFinalizer(() =>
          Effect.andThen(
            end,
            Console.log(`The FlowForge that was started for the demo has stopped; its data stay in ${folder}.`)
          )
        )
        return systemOf(instance)
      })
    )
  )
})

/** What it said itself, where it said something. */
const cannotStart = ({ message }: Error) =>
  new CannotStart({ message: /FlowForge cannot start:[^]*/u.exec(message)?.[0].trim() ?? message })
