import { Topics } from "@flowforge/contracts"
import { Consumer } from "@flowforge/messaging"
import { Duration } from "effect"
import { claimableAtOnce } from "./domain.ts"
import { Notifying } from "./notifying.ts"

/** Calls under way at once, in one member. */
const CONCURRENCY = 16
/** One sending: receipt, mail and SMS together. */
const CALL_LIMIT = Duration.millis(7_500)

/**
 * One attempt for each claim: a second one in place would send under a claim that the first gave back. A sending has a
 * few seconds; what takes longer has an unknown outcome, and waits parked for its claim's time limit.
 */
const policy = {
  immediateAttempts: 1,
  inlineBudget: CALL_LIMIT,
  maxAttempts: 12,
  backoff: { base: "2 seconds", cap: "2 minutes" }
} as const

/** The most events in one batch, however many are asked for. */
export const batchWithin = (asked: number, claimLimit: Duration.Duration): number =>
  Math.min(
    asked,
    claimableAtOnce({
      atATime: CONCURRENCY,
      callMillis: Duration.toMillis(CALL_LIMIT),
      limitMillis: Duration.toMillis(claimLimit)
    })
  )

/** What the notification service listens to: how orders end. */
export const entries = [
  Consumer.calling(Topics.orderConfirmed, {
    concurrency: CONCURRENCY,
    policy,
    prepare: (deliveries) => Notifying.use((notifying) => notifying.prepareConfirmed(deliveries)),
    call: (delivery, plan) => Notifying.use((notifying) => notifying.call(delivery, plan)),
    dropped: (deliveries) => Notifying.use((notifying) => notifying.giveBack(deliveries)),
    isSilence: (sendings) => sendings.isSilence,
    record: (results) => Notifying.use((notifying) => notifying.record(results))
  }),
  Consumer.calling(Topics.orderCancelled, {
    concurrency: CONCURRENCY,
    policy,
    prepare: (deliveries) => Notifying.use((notifying) => notifying.prepareCancelled(deliveries)),
    call: (delivery, plan) => Notifying.use((notifying) => notifying.call(delivery, plan)),
    dropped: (deliveries) => Notifying.use((notifying) => notifying.giveBack(deliveries)),
    isSilence: (sendings) => sendings.isSilence,
    record: (results) => Notifying.use((notifying) => notifying.record(results))
  })
] as const
