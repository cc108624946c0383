import { Effect } from "effect"

const PATIENCE = "3 seconds"

/** What was answered last, for as long as nobody answers. */
export const lastKnown = <A>(question: Effect.Effect<A, unknown>, first: A): Effect.Effect<A> => {
  let last = first
  return question.pipe(
    Effect.timeout(PATIENCE),
    Effect.tap((answer) => Effect.sync(() => (last = answer))),
    Effect.catch(() => Effect.sync(() => last))
  )
}
