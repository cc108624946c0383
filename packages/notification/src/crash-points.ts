import { crashPointsOf } from "@flowforge/messaging"

/** Where telling a customer can be between two things that do not happen together. */
export const { points, reach } = crashPointsOf({
  "sending.stored": "the receipt is stored, and nothing is sent or recorded",
  "sending.sent": "a mail or SMS is sent and nothing is recorded"
})
