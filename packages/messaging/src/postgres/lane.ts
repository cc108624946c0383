import type { NonEmptyReadonlyArray } from "effect/Array"
import { Effect, Exit, Random } from "effect"
import type { IncomingRecord } from "../delivery.ts"
import { putBack, settle, takeBatch } from "./batch.ts"
import { hasLease, type Member } from "./member.ts"

/** Hands the records of one topic to the handler, a batch after the other, until the member closes. */
export const runLane = (member: Member, topic: string): Effect.Effect<void> => {
  const bell = member.bells.lanes.get(topic)!
  let turn = 0
  return Effect.gen(function* () {
    while (!member.closing) {
      const partitions = [...member.held.values()].filter((held) => held.topic === topic)
      const now = member.now()
      const batch =
        member.paused || !hasLease(member)
          ? undefined
          : takeBatch(partitions, { maxBatch: member.options.maxBatch, now, turn: turn++ })
      if (batch === undefined) {
        const retryAt = Math.min(...partitions.map((held) => (held.retryAt > now ? held.retryAt : Infinity)))
        yield* bell.wait(retryAt - now)
        continue
      }
      const records = batch.records as unknown as NonEmptyReadonlyArray<IncomingRecord>
      const exit = yield* Effect.exit(Effect.suspend(() => member.options.handle(records)))
      if (Exit.isSuccess(exit)) settle(batch)
      else {
        yield* Effect.logWarning(`A batch of ${topic} failed; it is delivered again`, exit.cause)
        putBack(batch, member.now(), yield* Random.next)
      }
      member.bells.acknowledge.ring()
      member.bells.fetch.ring()
    }
  }).pipe(Effect.annotateLogs({ group: member.options.group }))
}
