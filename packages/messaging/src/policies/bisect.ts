import { Effect } from "effect"
import type { NonEmptyReadonlyArray } from "effect/Array"
import type { Failure } from "./failure.ts"

/**
 * Carries out items together, in order. What fails is split in two and each half tried, down to the ones at fault; the
 * others are done. With k of n at fault that is at most 1 + 2k⌈log2 n⌉ executions.
 */
export const bisect = <A, E1, R1, E2, R2>(
  items: NonEmptyReadonlyArray<A>,
  options: {
    /** Carries them out, all or none; undefined when that went well. */
    readonly together: (items: NonEmptyReadonlyArray<A>) => Effect.Effect<Failure | undefined, E1, R1>
    readonly atFault: (item: A, failure: Failure) => Effect.Effect<void, E2, R2>
  }
): Effect.Effect<void, E1 | E2, R1 | R2> =>
  Effect.gen(function* () {
    const failure = yield* options.together(items)
    if (failure === undefined) return
    if (items.length === 1) return yield* options.atFault(items[0], failure)
    const middle = items.length >> 1
    yield* bisect(items.slice(0, middle) as never, options)
    yield* bisect(items.slice(middle) as never, options)
  })
