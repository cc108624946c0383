import { Clock, Duration, Effect, type Fiber } from "effect"

interface Waiting {
  readonly at: number
  readonly expire: () => void
}

/** Has `expire` called when the time is over, unless what it answers is called before. */
export type Deadlines = (budget: Duration.Duration, expire: () => void) => () => void

/** One sleeper for all that wait: a fiber and a timer for each would cost more than many a call. */
const makeDeadlines = (clock: Clock.Clock): Deadlines => {
  /** In milliseconds; not of the day, which may be set. */
  const now = () => Number(clock.monotonicTimeNanosUnsafe()) / 1e6
  const waiting = new Set<Waiting>()
  let sleeper: { readonly fiber: Fiber.Fiber<unknown>; readonly wakesAt: number } | undefined

  const wakesAt = () => sleeper?.wakesAt ?? Number.POSITIVE_INFINITY
  const sleepUntil = (at: number) => {
    sleeper?.fiber.interruptUnsafe()
    const time = Duration.millis(Math.ceil(at - now()))
    sleeper = { fiber: Effect.runFork(Effect.andThen(clock.sleep(time), Effect.sync(wake))), wakesAt: at }
  }
  const wake = () => {
    sleeper = undefined
    const time = now()
    let next = Number.POSITIVE_INFINITY
    for (const each of waiting) {
      if (each.at > time) next = Math.min(next, each.at)
      else if (waiting.delete(each)) each.expire()
    }
    if (next < wakesAt()) sleepUntil(next)
  }
  return (budget, expire) => {
    const each = { at: now() + Duration.toMillis(budget), expire }
    waiting.add(each)
    if (each.at < wakesAt()) sleepUntil(each.at)
    return () => {
      waiting.delete(each)
      if (waiting.size > 0) return
      sleeper?.fiber.interruptUnsafe()
      sleeper = undefined
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
