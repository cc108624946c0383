import { Duration, Effect } from "effect"

/**
 * Interrupts a handler that takes longer than its budget, and answers in its place; also lets it be interrupted where
 * Effect's server lets nothing in, not even that the client has gone. A timer instead of `Effect.timeout`, whose fibers
 * were a tenth of what a request cost.
 */
export const withDeadline =
  <A>(budget: Duration.Input, late: () => A) =>
  <E, R>(handler: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.withFiber((fiber) => {
      let isLate = false
      const timer = setTimeout(
        () => {
          isLate = true
          fiber.interruptUnsafe()
        },
        Duration.toMillis(Duration.fromInputUnsafe(budget))
      )
      return Effect.interruptible(handler).pipe(
        Effect.ensuring(Effect.sync(() => clearTimeout(timer))),
        Effect.catchCause((cause) => (isLate ? Effect.succeed(late()) : Effect.failCause(cause)))
      )
    })
