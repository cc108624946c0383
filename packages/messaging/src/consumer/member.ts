import { Data, type Effect } from "effect"
import type { PublishFailed } from "../errors.ts"
import type { Circuit } from "../policies/circuit.ts"

/** This process's part in a group. */
export interface Member {
  readonly group: string
  readonly circuit: Circuit
  /** Something was parked: wakes the parked worker. */
  readonly parked: Effect.Effect<void>
  /** Which cluster the records come from. */
  readonly clusterId: Effect.Effect<string, PublishFailed>
}

/** The batch goes back to the broker as it is: nothing was spent, it comes again. */
export class BatchRefused extends Data.TaggedError("BatchRefused")<{ readonly reason: string }> {}
