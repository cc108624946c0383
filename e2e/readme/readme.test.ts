import { execFile } from "node:child_process"
import { readFile } from "node:fs/promises"
import { promisify } from "node:util"
import { assert, describe, it } from "@effect/vitest"
import { eventually } from "@flowforge/testkit"
import { Effect } from "effect"
import { prepareSystem } from "../system/launch.ts"
import { idsIn, masked, stepsOf } from "./session.ts"

const run = promisify(execFile)
const readme = new URL("../../README.md", import.meta.url)

const inShell = (command: string) =>
  Effect.promise(() =>
    run("sh", ["-c", command]).then(
      ({ stdout }) => stdout,
      () => ""
    )
  )

describe("the session of the README", () => {
  it.live("prints what it says, command by command", () =>
    Effect.gen(function* () {
      const steps = stepsOf(yield* Effect.promise(() => readFile(readme, "utf8")))
      assert.isAbove(steps.length, 5)
      const system = yield* prepareSystem()
      yield* Effect.promise(system.start)
      const own = new Map([
        ["http://localhost:8080", system.publicUrl],
        ["http://localhost:9090", system.managementUrl]
      ])
      for (const { command, output } of steps) {
        const localised = [...own].reduce((text, [theirs, ours]) => text.replaceAll(theirs, ours), command)
        let printed = yield* inShell(localised)
        const isRight = () => masked(printed) === masked(output)
        // What only reads may have come too early; ordering again would be another order.
        if (!isRight() && !command.includes(" -d ")) {
          const again = Effect.map(inShell(localised), (text) => {
            printed = text
            return isRight()
          })
          yield* Effect.ignore(eventually(command, again))
        }
        assert.strictEqual(masked(printed), masked(output), command)
        idsIn(output).forEach((id, n) => own.set(id, idsIn(printed)[n]!))
      }
    }).pipe(Effect.scoped)
  )
})
