import { Clock, Duration, Effect, Ref } from "effect"

/**
 * Counts whether a dependency is down for everybody: closed while it answers somebody, open after failures of enough
 * distinct keys without one success, half-open when it is time to let one try.
 */
export interface Circuit {
  /** A call came through: the dependency is there. Answers true when that closed the circuit. */
  readonly succeeded: Effect.Effect<boolean>
  /** A call for this key found the dependency away. Answers true when the circuit is open now. */
  readonly failed: (key: string) => Effect.Effect<boolean>
  /** How long until one may try: 0 when the circuit is closed or half-open. */
  readonly waitMillis: Effect.Effect<number>
  readonly isOpen: Effect.Effect<boolean>
}

export interface CircuitOptions {
  /** Distinct keys that must have failed without a success in between. */
  readonly keys: number
  /** How long it stays open at first; doubled with every trial that fails, up to `cap`. */
  readonly base: Duration.Input
  readonly cap: Duration.Input
}

export const defaultCircuit: CircuitOptions = { keys: 10, base: Duration.seconds(1), cap: Duration.seconds(30) }

interface State {
  readonly failedKeys: ReadonlySet<string>
  readonly trials: number
  readonly openUntil: number | undefined
}

const closed: State = { failedKeys: new Set(), trials: 0, openUntil: undefined }

export const makeCircuit = (options: CircuitOptions = defaultCircuit): Effect.Effect<Circuit> =>
  Effect.gen(function* () {
    const base = Duration.toMillis(Duration.fromInputUnsafe(options.base))
    const cap = Duration.toMillis(Duration.fromInputUnsafe(options.cap))
    const state = yield* Ref.make(closed)
    return {
      succeeded: Ref.modify(state, (before) => [before.openUntil !== undefined, closed]),
      failed: Effect.fnUntraced(function* (key) {
        const now = yield* Clock.currentTimeMillis
        return yield* Ref.modify(state, (before): readonly [boolean, State] => {
          if (before.openUntil !== undefined) {
            // Those that were under way when it opened fail too; only a trial after the wait counts.
            if (now < before.openUntil) return [true, before]
            const trials = before.trials + 1
            return [true, { ...before, trials, openUntil: now + Math.min(cap, base * 2 ** trials) }]
          }
          const failedKeys = new Set(before.failedKeys).add(key)
          if (failedKeys.size < options.keys) return [false, { ...before, failedKeys }]
          return [true, { failedKeys: new Set(), trials: 0, openUntil: now + base }]
        })
      }),
      waitMillis: Effect.gen(function* () {
        const { openUntil } = yield* Ref.get(state)
        return openUntil === undefined ? 0 : Math.max(0, openUntil - (yield* Clock.currentTimeMillis))
      }),
      isOpen: Effect.map(Ref.get(state), ({ openUntil }) => openUntil !== undefined)
    }
  })
