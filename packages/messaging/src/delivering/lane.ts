import type { NonEmptyReadonlyArray } from "effect/Array"
import { Clock, Effect, Exit, Random } from "effect"
import type { SubscribeOptions } from "../broker.ts"
import type { IncomingRecord } from "../delivery.ts"
import { monotonicMillis } from "../monotonic.ts"
import { type Batch, type Held, putBack, settle, takeBatch } from "./batch.ts"
import type { Bell } from "./bell.ts"

export interface LaneOptions<H extends Held> {
  readonly subscription: SubscribeOptions
  readonly topic: string
  /** Rung when something may have come for the lane. */
  readonly bell: Bell
  /** The partitions of the topic that the member holds now. */
  readonly partitions: () => ReadonlyArray<H>
  readonly mayTake: () => boolean
  readonly isClosing: () => boolean
  /** After each batch, whether it went well or not. */
  readonly onDone: (batch: Batch<H>) => void
}

/** Hands the records of one topic to the handler, one batch after the other, until the member closes. */
export const runLane = Effect.fnUntraced(function* <H extends Held>(lane: LaneOptions<H>) {
  const clock = yield* Clock.Clock
  const { group, handle, maxBatch } = lane.subscription
  let turn = 0
  while (!lane.isClosing()) {
    const partitions = lane.partitions()
    const now = monotonicMillis(clock)
    const batch = lane.mayTake() ? takeBatch(partitions, { maxBatch, now, turn: turn++ }) : undefined
    if (batch === undefined) {
      let wakeAt = Infinity
      for (const held of partitions) if (held.retryAt > now) wakeAt = Math.min(wakeAt, held.retryAt)
      yield* lane.bell.wait(wakeAt - now)
      continue
    }
    const records = batch.records as unknown as NonEmptyReadonlyArray<IncomingRecord>
    const exit = yield* Effect.exit(Effect.suspend(() => handle(records)))
    if (Exit.isSuccess(exit)) settle(batch)
    else {
      putBack(batch, monotonicMillis(clock), yield* Random.next)
      yield* Effect.annotateLogs(Effect.logWarning("A batch failed; it will be delivered again", exit.cause), {
        group,
        topic: lane.topic,
        records: records.length
      })
    }
    lane.onDone(batch)
  }
})
