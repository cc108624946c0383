import { Schema } from "effect"

/** The mail or SMS service is away or throttles: nothing was sent. Try again. */
export class SendingUnavailable extends Schema.TaggedError<SendingUnavailable>()("SendingUnavailable", {
  reason: Schema.String
}) {}

/** This address is refused for good. */
export class RecipientRefused extends Schema.TaggedError<RecipientRefused>()("RecipientRefused", {
  reason: Schema.String
}) {}

/** The call was made and no answer came: nobody can know whether it arrived. */
export class SendingOutcomeUnknown extends Schema.TaggedError<SendingOutcomeUnknown>()("SendingOutcomeUnknown", {
  reason: Schema.String
}) {}

export type SendingError = SendingUnavailable | RecipientRefused | SendingOutcomeUnknown
