import { Effect, Semaphore } from "effect"

/**
 * For work that keeps the thread, such as a small file written in place: one piece after the other, and before each of
 * them the event loop has its turn. A batch of them at once would keep everybody waiting for as long as all of it takes.
 */
export const makeInTurn = Effect.map(
  Semaphore.make(1),
  (semaphore) =>
    <A, E, R>(piece: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
      semaphore.withPermit(Effect.andThen(Effect.yieldNow, piece))
)
