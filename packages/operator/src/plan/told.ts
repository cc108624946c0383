import type { Condition } from "../resource/index.ts"

/** What is said of a condition. */
export type Told = Pick<Condition, "status" | "reason" | "message">

export const told = (is: boolean | "Unknown", reason: string, message = ""): Told => ({
  status: is === "Unknown" ? is : is ? "True" : "False",
  reason,
  message
})
