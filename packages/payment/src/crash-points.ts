import { crashPointsOf } from "@flowforge/messaging"

/** Where the way back can be between two things that do not happen together. */
export const { points, reach } = crashPointsOf({
  "settlement.made": "the gateway has voided or refunded and nothing is recorded"
})
