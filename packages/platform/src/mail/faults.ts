import { RecipientRefused, type SendingError, SendingOutcomeUnknown, SendingUnavailable } from "./errors.ts"

/** `unavailable`: nothing is sent. `unanswered`: it is sent, and the answer is lost. */
export type Fault = "unavailable" | "unanswered"

/** Asked before each sending, so that a test can switch faults while it runs. */
export type Faults = () => Fault | undefined

const REFUSED_MAIL = "@refused.example"
/** No country has this code. */
const REFUSED_SMS = "+999"
const ADDRESS = /^[\x21-\x7e]+$/u
const NOT_IN_ADDRESS = /[<>(),;:\\"[\]]/u

/** Whether the text may stand where an address is wanted, and nothing else with it. */
export const isAddress = (to: string): boolean => ADDRESS.test(to) && !NOT_IN_ADDRESS.test(to)

/** Why nothing can be sent to this address, or nothing now. */
export const refusalOf = (to: string, fault: Fault | undefined): SendingError | undefined => {
  const isMail = to.includes("@")
  if (!isAddress(to)) return new RecipientRefused({ reason: "this is no address" })
  if (isMail ? to.endsWith(REFUSED_MAIL) : to.startsWith(REFUSED_SMS)) {
    return new RecipientRefused({ reason: "the address is refused" })
  }
  return fault === "unavailable" ? new SendingUnavailable({ reason: "switched off" }) : undefined
}

export const unanswered = new SendingOutcomeUnknown({ reason: "no answer came" })
