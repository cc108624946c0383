import { RecipientRefused, type SendingError, SendingOutcomeUnknown, SendingUnavailable } from "../mail/errors.ts"
import { failureOf } from "./failure.ts"

/** Answers of a proxy that may have passed the call on, and lost the answer. */
const LOST_ANSWER = new Set([502, 504])

/**
 * What the notification service is told. Refused is only what the service says of the message itself; what throttles,
 * fails, or does not know us is a matter of time or of an operator, and waits. What was sent and got no answer may have
 * arrived.
 */
export const sendingErrorOf = (error: unknown, isRefusal: (name: string, message: string) => boolean): SendingError => {
  const { isUnsent, name, reason, status } = failureOf(error)
  if (isUnsent) return new SendingUnavailable({ reason })
  if (status === undefined || status < 400 || LOST_ANSWER.has(status)) return new SendingOutcomeUnknown({ reason })
  return status < 500 && isRefusal(name, reason) ? new RecipientRefused({ reason }) : new SendingUnavailable({ reason })
}
