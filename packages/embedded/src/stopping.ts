import { Effect, Runtime } from "effect"
import { stoppedAtOnce, stopping } from "./announcements.ts"

/** A terminal sends Ctrl-C to npm and to us, and npm sends it on: within this time it is the same one. */
const SAME_MILLIS = 500

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const

/**
 * Runs the main program until it ends or somebody asks the process to stop. Asked once it stops in order; asked again it
 * stops at once, and the next start recovers. Having been asked is no failure: then the exit code is 0.
 */
export const runUntilStopped = Runtime.makeRunMain(({ fiber, teardown }) => {
  let askedAt: number | undefined
  const stop = () => {
    const now = performance.now()
    if (askedAt === undefined) {
      askedAt = now
      Effect.runSync(stopping)
      fiber.interruptUnsafe(fiber.id)
    } else if (now - askedAt > SAME_MILLIS) {
      Effect.runSync(stoppedAtOnce)
      process.exit(130)
    }
  }
  for (const signal of SIGNALS) process.on(signal, stop)
  fiber.addObserver((exit) =>
    teardown(exit, (code) => {
      const interrupted = askedAt !== undefined && code === 130
      process.exit(interrupted ? 0 : code)
    })
  )
})
