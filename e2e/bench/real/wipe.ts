import { Effect, Fiber } from "effect"
import { SqlClient } from "effect/sql"
import { layerDatabaseOf } from "../../system/at-rest.ts"
import type { Result, Rung } from "../rung.ts"
import { steady } from "../rungs.ts"
import { fillWithPast } from "./past.ts"
import type { Stack } from "./stack.ts"

/** All of Kafka's data was lost under load. */
export interface Wipe {
  /** Until Kafka was there again, the processes had made its topics anew, and every order taken before and meanwhile at its end: milliseconds. */
  readonly millis: number
  readonly lost: number
  /** How many orders' messages the tables held. */
  readonly orders: number
}

const RATE = 100
const SECONDS = 4
const PAST_ORDERS = 1_000_000

export const measureWipe = <E, R>(stack: Stack, run: (rung: Rung) => Effect.Effect<Result, E, R>) =>
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    const { kafka } = stack.outside
    yield* fillWithPast(PAST_ORDERS)
    const wiping = yield* Effect.forkChild(
      Effect.gen(function* () {
        yield* Effect.sleep("2 seconds")
        const wipedAt = performance.now()
        yield* kafka.wipe
        yield* kafka.start
        return wipedAt
      })
    )
    const result = yield* run(steady("all of Kafka's data lost")(RATE, SECONDS))
    const wipedAt = yield* Fiber.join(wiping)
    const millis = performance.now() - wipedAt
    const [row] = yield* sql<{ n: number }>`SELECT count(*)::int AS n FROM orders`
    return { millis, lost: result.accepted - result.terminal, orders: PAST_ORDERS + row!.n } satisfies Wipe
  }).pipe(Effect.scoped, Effect.provide(layerDatabaseOf(stack)))
