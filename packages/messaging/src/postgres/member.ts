import { type Cause, Clock, Effect, Semaphore } from "effect"
import type { SqlClient } from "effect/sql"
import type { SubscribeOptions } from "../broker.ts"
import { type Bell, makeBell } from "../delivering/bell.ts"
import { monotonicMillis } from "../monotonic.ts"
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

/** PostgreSQL answers again: said once after each outage. */
export const reached = (member: Member): Effect.Effect<void> =>
  Effect.suspend(() => {
    if (!member.away) return Effect.void
    member.away = false
    return Effect.logInfo("The embedded broker reaches its tables again")
  })

/** Runs a step of the member for ever. What goes wrong in it is tried again after a backoff, and logged once per outage. */
export const forever = <E>(member: Member, step: Effect.Effect<void, E>): Effect.Effect<never> =>
  Effect.suspend(() => {
    let failures = 0
    const backOff = (cause: Cause.Cause<E>) => {
      const wait = Effect.sleep(Math.min(LONGEST_BACKOFF_MILLIS, FIRST_BACKOFF_MILLIS * 2 ** failures++))
      if (member.away) return wait
      member.away = true
      return Effect.andThen(
        Effect.logWarning("The embedded broker cannot reach its tables; it goes on trying", cause),
        wait
      )
    }
    return step.pipe(
      Effect.tap(() => Effect.sync(() => void (failures = 0))),
      Effect.catchCause(backOff),
      Effect.annotateLogs({ group: member.options.group }),
      // Looking again and again is no part of anybody's trace.
      Effect.withTracerEnabled(false),
      Effect.forever
    )
  })
