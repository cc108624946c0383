import { writeSync } from "node:fs"
import { Effect } from "effect"

/** The point at which this process is to die. */
let armed: string | undefined

/** From now on this process dies when it comes to this point. For tests only. */
export const armCrashPoint = (point: string): void => {
  armed = point
}

/** What a process says that dies at a crash point: the last that is heard of it. */
export const lastWords = (point: string): string => `crash point ${point}: killed`

const pass = (point: string): void => {
  if (point !== armed) return
  writeSync(process.stderr.fd, `${lastWords(point)}\n`)
  process.kill(process.pid, "SIGKILL")
}

/** Points of a package, each with what has happened by then and what has not. */
export type CrashPoints<Name extends string> = Readonly<Record<Name, string>>

/**
 * Moments between two things that cannot happen together, at which a test can make the process die as by `kill -9`. For
 * plain code `pass` a point, in an Effect `reach` it: nothing happens there unless it was armed.
 */
export const crashPointsOf = <Name extends string>(points: CrashPoints<Name>) => ({
  points,
  pass: pass as (point: Name) => void,
  reach: (point: Name): Effect.Effect<void> => Effect.sync(() => pass(point))
})
