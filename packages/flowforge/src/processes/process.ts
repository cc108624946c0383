import type { Setting, Variable } from "@flowforge/platform/settings"
import { Effect, type Scope } from "effect"

/** One row of the table of processes. */
export interface Process {
  /** What it does, for people who choose. */
  readonly does: string
  /** One may be named twice, with different choices. */
  readonly variables: ReadonlyArray<Variable>
  /** Reads its settings and runs: until interrupted, or until its work is done. */
  readonly run: Effect.Effect<void, unknown, Scope.Scope>
}

/** A process is its settings and what is done with them. */
export const processOf = <A>(
  does: string,
  setting: Setting<A>,
  run: (settings: A) => Effect.Effect<void, unknown, Scope.Scope>
): Process => ({ does, variables: setting.variables, run: Effect.flatMap(setting.read, run) })
