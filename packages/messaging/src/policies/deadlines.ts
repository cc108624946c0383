import { Clock, Duration, Effect, type Fiber } from "effect"
import { monotonicMillis } from "../monotonic.ts"

interface Waiting {
  readonly at: number
  readonly expire: () => void
}

/** Has `expire` called when the time is over, unless what it answers is called before. */
export type Deadlines = (budget: Duration.Duration, expire: () => void) => () => void

/** One sleeper for all that wait: a fiber and a timer for each would cost more than many a call. */
const makeDeadlines = (clock: Clock.Clock): Deadlines => {
  const now = () => monotonicMillis(clock)
  const waiting = new Set<Waiting>()
  let wakesAt = Number.POSITIVE_INFINITY
  let sleeper: Fiber.Fiber<unknown> | undefined

  const sleepUntil = (at: number) => {
    sleeper?.interruptUnsafe()
    // Before the sleeper runs: a time that is over already may wake it at once.
    wakesAt = at
    sleeper = Effect.runFork(Effect.andThen(clock.sleep(Duration.millis(Math.ceil(at - now()))), Effect.sync(wake)))
  }
  const wake = () => {
    sleeper = undefined
    wakesAt = Number.POSITIVE_INFINITY
    const time = now()
    let next = Number.POSITIVE_INFINITY
    for (const each of waiting) {
      if (each.at > time) next = Math.min(next, each.at)
      else if (waiting.delete(each)) each.expire()
    }
    if (next < wakesAt) sleepUntil(next)
  }
  return (budget, expire) => {
    const each = { at: now() + Duration.toMillis(budget), expire }
    waiting.add(each)
    if (each.at < wakesAt) sleepUntil(each.at)
    return () => {
      waiting.delete(each)
      if (waiting.size > 0) return
      sleeper?.interruptUnsafe()
      sleeper = undefined
      wakesAt = Number.POSITIVE_INFINITY
    }
  }
}

const ofClocks = new WeakMap<Clock.Clock, Deadlines>()

/** Those of the current clock. */
export const deadlines: Effect.Effect<Deadlines> = Effect.clockWith((clock) => {
  let found = ofClocks.get(clock)
  if (found === undefined) {
    found = makeDeadlines(clock)
    ofClocks.set(clock, found)
  }
  return Effect.succeed(found)
})
