import type { Delivery } from "@flowforge/messaging"
import { Effect, Latch } from "effect"

/** What goes wrong in a run, and when. */
export interface Plan {
  /** How often the handlers fail for an event, by its id. */
  readonly failures: Map<string, number>
  /** The boundaries, counted over all processes from 0, at which the process that comes there is killed. */
  readonly crashes: ReadonlySet<number>
  reached: number
}

/** The places of one process where something may go wrong: on both sides of every commit, publish and call. */
export interface Boundaries {
  /** Fails while one of these has failures left. */
  readonly before: (deliveries: ReadonlyArray<Delivery<unknown>>) => Effect.Effect<void, Error>
  /** Goes no further when the process is to be killed here: it stands still until somebody does it. */
  readonly reach: Effect.Effect<void>
  /** Waits until the process is to be killed. */
  readonly crashed: Effect.Effect<void>
}

export const boundariesOf = (plan: Plan): Boundaries => {
  const crashed = Latch.makeUnsafe(false)
  return {
    before: (deliveries) =>
      Effect.suspend(() => {
        for (const { eventId } of deliveries) {
          const left = plan.failures.get(eventId) ?? 0
          if (left === 0) continue
          plan.failures.set(eventId, left - 1)
          return Effect.fail(new Error("planned"))
        }
        return Effect.void
      }),
    reach: Effect.suspend(() => {
      if (!plan.crashes.has(plan.reached++)) return Effect.void
      return Effect.andThen(crashed.open, Effect.never)
    }),
    crashed: crashed.await
  }
}
