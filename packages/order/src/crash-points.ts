import { crashPointsOf } from "@flowforge/messaging"

/** Where a request can be between two things that do not happen together. */
export const { points, reach } = crashPointsOf({
  "intake.inserted": "the orders, their keys and their events are written and not committed",
  "intake.committed": "the orders are committed and nobody is answered"
})
