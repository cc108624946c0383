import type { Action } from "./action.ts"

/** Why a rollout does not go on by itself. */
export interface Hold {
  /** One of the documented reasons. */
  readonly reason: string
  /** What is wrong, and what to do. */
  readonly message: string
}

/** What one step of a rollout does now, and whether the next may follow. */
export interface Step {
  readonly actions: ReadonlyArray<Action>
  readonly isDone: boolean
  /** What it waits for. */
  readonly waits: string
  readonly hold?: Hold | undefined
}

export const done = (actions: ReadonlyArray<Action> = []): Step => ({ actions, isDone: true, waits: "" })
