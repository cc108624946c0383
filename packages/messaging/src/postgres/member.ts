import { Clock, Effect, Semaphore } from "effect"
import type { SqlClient } from "effect/sql"
import type { SubscribeOptions } from "../broker.ts"
import { type Bell, makeBell } from "../delivering/bell.ts"
import { monotonicMillis } from "../delivering/lane.ts"
import type { HeldCursor } from "./held.ts"

/** How the embedded broker is set; durations in milliseconds. */
export interface Settings {
  /** How long a member that does not answer keeps its partitions. */
  readonly leaseMillis: number
  /** How long closing waits for the batch in hand. */
  readonly closeMillis: number
}

/** One member of a group: what its fibers share. */
export interface Member {
  readonly id: string
  readonly options: SubscribeOptions
  readonly settings: Settings
  readonly sql: SqlClient.SqlClient
  readonly held: Map<string, HeldCursor>
  /** Topics with something new, and since when (milliseconds). */
  readonly woken: Map<string, number>
  /** Until when the partitions are surely its own. */
  leaseUntil: number
  paused: boolean
  closing: boolean
  away: boolean
  readonly bells: {
    readonly beat: Bell
    readonly fetch: Bell
    readonly acknowledge: Bell
    readonly lanes: ReadonlyMap<string, Bell>
  }
  /** What reads the ownership and what changes it never run at once, or one would go by what the other has undone. */
  readonly ownership: Semaphore.Semaphore
  /** A hint to the other members that there is something to take or to give. */
  readonly tellOthers: Effect.Effect<void>
  readonly now: () => number
}

export const makeMember = Effect.fnUntraced(function* (
  setting: Pick<Member, "id" | "sql" | "options" | "settings" | "tellOthers">
) {
  const { options } = setting
  const clock = yield* Clock.Clock
  const member: Member = {
    ...setting,
    held: new Map(),
    woken: new Map(),
    leaseUntil: 0,
    paused: false,
    closing: false,
    away: false,
    bells: {
      beat: makeBell(),
      fetch: makeBell(),
      acknowledge: makeBell(),
      lanes: new Map(options.topics.map((topic) => [topic.name, makeBell()]))
    },
    ownership: yield* Semaphore.make(1),
    now: () => monotonicMillis(clock)
  }
  return member
})

export const hasLease = (member: Member): boolean => member.now() < member.leaseUntil

const FIRST_BACKOFF_MILLIS = 100
const LONGEST_BACKOFF_MILLIS = 2000

/**
 * Runs a step of the member for ever. Whatever goes wrong in it is tried again after a backoff; PostgreSQL being away
 * is logged once, and once that it is back.
 */
export const forever = <E>(member: Member, step: Effect.Effect<void, E>): Effect.Effect<never> =>
  Effect.suspend(() => {
    let failures = 0
    return step.pipe(
      Effect.tap(() => {
        failures = 0
        if (!member.away) return Effect.void
        member.away = false
        return Effect.logInfo("The embedded broker reads again")
      }),
      Effect.catchCause((cause) => {
        const backoff = Math.min(LONGEST_BACKOFF_MILLIS, FIRST_BACKOFF_MILLIS * 2 ** failures++)
        const first = !member.away
        member.away = true
        return Effect.andThen(
          first
            ? Effect.logWarning("The embedded broker cannot reach its tables; it goes on trying", cause)
            : Effect.void,
          Effect.sleep(backoff)
        )
      }),
      Effect.annotateLogs({ group: member.options.group }),
      Effect.forever
    )
  })
