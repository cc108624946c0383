import { Console, Effect, Fiber } from "effect"
import type { Result, Rung } from "../rung.ts"
import { steady } from "../rungs.ts"
import type { ServiceName } from "../../system/programs.ts"
import type { Stack } from "./stack.ts"

/** What one kill -9 cost. */
export interface Recovery {
  readonly name: ServiceName
  /** Until the new process was ready, and the slowest order of that time at its end: milliseconds. */
  readonly millis: number
  readonly lost: number
}

const KILLED: ReadonlyArray<ServiceName> = ["order", "payment", "inventory", "api"]
const RATE = 50
const SECONDS = 5

/** Under load kills each process once, and starts another in its place at once, as an orchestrator does. */
export const measureKills = Effect.fnUntraced(function* <E, R>(
  stack: Stack,
  run: (rung: Rung) => Effect.Effect<Result, E, R>,
  rounds: number
) {
  const recoveries: Array<Recovery> = []
  for (let round = 0; round < rounds; round++) {
    for (const name of KILLED) {
      const replacing = yield* Effect.forkChild(
        Effect.gen(function* () {
          yield* Effect.sleep("1500 millis")
          const killedAt = performance.now()
          yield* stack.end(name, "SIGKILL")
          yield* stack.start(name)
          return performance.now() - killedAt
        })
      )
      const result = yield* run(steady(`kill -9 of ${name}`)(RATE, SECONDS))
      const readyAfter = yield* Fiber.join(replacing)
      const millis = Math.max(readyAfter, result.slowest)
      recoveries.push({ name, millis, lost: result.accepted - result.terminal })
      yield* Console.log(
        `kill -9 of ${name}: ready after ${readyAfter.toFixed(0)} ms, whole after ${millis.toFixed(0)} ms`
      )
    }
  }
  return recoveries
})
