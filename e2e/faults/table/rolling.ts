import { Effect } from "effect"
import type { Fault } from "../fault.ts"
import { SERVICES } from "../../system/programs.ts"

export const rolling: ReadonlyArray<Fault> = [
  {
    name: "rolling-restart",
    what: "every process is replaced, one after another: the new one is ready before the old one is told to stop",
    happen: ({ fleet }) =>
      Effect.forEach(
        SERVICES.flatMap((name) => fleet.of(name)),
        Effect.fnUntraced(function* (old) {
          const { process } = yield* fleet.add(old.name)
          yield* Effect.orDie(process.ready)
          const { code } = yield* fleet.retire(old)
          if (code !== 0) return yield* Effect.die(new Error(`${old.name} stopped with ${code}`))
        }),
        { discard: true }
      )
  }
]
