import { Duration, Effect, Runtime, type Scope } from "effect"

const SIGNALS = ["SIGTERM", "SIGINT", "SIGHUP"] as const

/**
 * Runs a process until it ends or is asked to. As the first process of a container it has no signal handled for it, so
 * all that orchestrators and terminals send are handled here. Having been asked is no failure: then the exit code is 0.
 */
export const runUntilStopped = Runtime.makeRunMain(({ fiber, teardown }) => {
  let isAsked = false
  for (const signal of SIGNALS) {
    process.on(signal, () => {
      isAsked = true
      fiber.interruptUnsafe(fiber.id)
    })
  }
  fiber.addObserver((exit) => teardown(exit, (code) => process.exit(isAsked && code === 130 ? 0 : code)))
})

/** From the first signal on the process has this long to stop; then it is ended, and what it held comes again elsewhere. */
export const stopWithin = (deadline: Duration.Duration): Effect.Effect<void, never, Scope.Scope> =>
  Effect.asVoid(
    Effect.acquireRelease(
      Effect.sync(() => {
        const end = () => {
          process.stderr.write(`not stopped within ${Duration.format(deadline)}: ended\n`)
          process.exit(1)
        }
        const arm = () => void setTimeout(end, Duration.toMillis(deadline)).unref()
        for (const signal of SIGNALS) process.once(signal, arm)
        return arm
      }),
      (arm) =>
        Effect.sync(() => {
          for (const signal of SIGNALS) process.removeListener(signal, arm)
        })
    )
  )
