import { Data, Effect } from "effect"
import type { Circuit } from "../policies/circuit.ts"

/** This process's part in a group. */
export interface Member {
  readonly group: string
  readonly circuit: Circuit
  /** The circuit has just opened: stops fetching until a trial is due. */
  readonly opened: Effect.Effect<void>
  /** Something was parked: wakes the parked worker. */
  readonly parked: Effect.Effect<void>
}

/** The batch goes back to the broker as it is: nothing was spent, it comes again. */
export class BatchRefused extends Data.TaggedError("BatchRefused")<{ readonly reason: string }> {}
