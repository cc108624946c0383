import { Duration, Effect, Option } from "effect"

/** What a consumer shows of itself. */
export interface Watched {
  readonly paused: boolean
  /** A batch is with its handler, which has a time limit of its own. */
  readonly busy: boolean
  /** Goes up with each batch that is done. */
  readonly progress: number
}

export interface StallOptions<E> {
  readonly look: () => Watched
  /** How many records of each topic wait for this very consumer: others of its group may be busy. */
  readonly lag: Effect.Effect<ReadonlyMap<string, number>, E>
  /** Nothing waits. */
  readonly onIdle: () => void
  readonly now: () => number
  readonly stallMillis: number
}

const WATCH_EVERY_MILLIS = 1000
const ANSWER = Duration.seconds(10)

/**
 * Ends when records have waited for so long and the consumer has handled none. One that is paused, or has a batch in hand,
 * does not stand still; nor does one that waits for a Kafka that does not answer, which nobody's restart would mend.
 */
export const untilStalled = <E>({ lag, look, now, onIdle, stallMillis }: StallOptions<E>): Effect.Effect<void> =>
  Effect.gen(function* () {
    const askEvery = stallMillis / 4
    let { progress } = look()
    let askAt = now() + askEvery
    let waitingSince: number | undefined
    for (;;) {
      yield* Effect.sleep(Math.min(WATCH_EVERY_MILLIS, askEvery))
      const seen = look()
      if (seen.paused || seen.busy || seen.progress !== progress) {
        progress = seen.progress
        askAt = now() + askEvery
        waitingSince = undefined
      } else if (now() >= askAt) {
        const behind = yield* Effect.option(Effect.timeout(lag, ANSWER))
        askAt = now() + askEvery
        if (Option.isNone(behind)) waitingSince = undefined
        else if ([...behind.value.values()].some((count) => count > 0)) waitingSince ??= now()
        else {
          waitingSince = undefined
          onIdle()
        }
        if (waitingSince !== undefined && now() - waitingSince >= stallMillis && look().progress === progress) return
      }
    }
  })
