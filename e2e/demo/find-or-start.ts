import { findInstance } from "@flowforge/embedded"
import { Console, Effect, Schema } from "effect"
import { systemOn } from "../system/launch.ts"

/** No FlowForge ran, and none could be started. */
export class CannotStart extends Schema.TaggedError<CannotStart>()("CannotStart", { message: Schema.String }) {}

/** The system that runs on the data folder; where none does, one that is started for the scope. */
export const findOrStart = Effect.fnUntraced(function* (where: {
  readonly folder: string
  readonly publicPort: number
  readonly managementPort: number
}) {
  const { folder, managementPort, publicPort } = where
  return yield* findInstance(folder).pipe(
    Effect.tap(({ publicUrl }) => Console.log(`FlowForge runs on ${folder}, at ${publicUrl}.`)),
    Effect.catchTag("DataFolderUnusable", () =>
      Effect.gen(function* () {
        yield* Console.log(`No FlowForge runs on ${folder}: starting one for the demo …`)
        const system = yield* Effect.acquireRelease(
          Effect.sync(() => systemOn(folder, publicPort, managementPort)),
          (started) =>
            Effect.andThen(
              Effect.promise(() => started.end("SIGTERM")),
              Console.log(`The FlowForge that was started for the demo has stopped; its data stay in ${folder}.`)
            )
        )
        return yield* Effect.tryPromise({
          try: system.start,
          catch: (cause) => new CannotStart({ message: (cause as Error).message })
        })
      })
    )
  )
})
