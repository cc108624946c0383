import { crashPointsOf } from "./crash-point.ts"

/** Where a message can be between two things that do not happen together. */
export const { pass, points, reach } = crashPointsOf({
  "consumer.called": "the call was made outside and is not recorded",
  "consumer.handled": "the effect and its delivery record are written and not committed",
  "consumer.committed": "the effect is committed and not acknowledged",
  "consumer.parked": "the event is parked and not acknowledged",
  "consumer.buried": "the dead letter is committed and its event not acknowledged",
  "consumer.acknowledged": "the offset is committed",
  "consumer.closing": "it is told to stop, has finished its batches and not left the group",
  "relay.produced": "the broker has taken a batch and the cursor has not moved",
  "relay.moved": "the cursor has moved",
  "relay.republished": "after a wipe a part of what groups lack is published again, and nothing says so"
})
