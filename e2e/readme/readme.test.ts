import { readFile } from "node:fs/promises"
import { assert, describe, it } from "@effect/vitest"
import { eventually } from "@flowforge/testkit"
import { Effect } from "effect"
import { prepareSystem } from "../system/launch.ts"
import { masked, openShell, stepsOf } from "./session.ts"

const readme = new URL("../../README.md", import.meta.url)

/** Done again it would be another order. */
const isOrder = (command: string): boolean => command.includes(" -d '{")

describe("the session of the README", () => {
  it.live(
    "prints what it says, command by command in one shell",
    () =>
      Effect.gen(function* () {
        const steps = stepsOf(yield* Effect.promise(() => readFile(readme, "utf8")))
        assert.isAbove(steps.length, 5)
        const system = yield* prepareSystem()
        yield* Effect.promise(system.start)
        const inShell = yield* openShell
        for (const { command, output } of steps) {
          // Another system may have the ports. All else is as it stands there.
          const own = command
            .replaceAll("http://localhost:8080", system.publicUrl)
            .replaceAll("http://localhost:9090", system.managementUrl)
          let printed = ""
          const isRight = Effect.map(
            Effect.promise(() => inShell(own)),
            (text) => masked((printed = text)) === masked(output)
          )
          // What only reads may come too early.
          yield* isOrder(command) ? isRight : Effect.ignore(eventually(command, isRight))
          assert.strictEqual(masked(printed), masked(output), command)
        }
      }).pipe(Effect.scoped),
    60_000
  )
})
