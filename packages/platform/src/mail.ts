import { Context, type Effect, Schema } from "effect"

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

export interface Mail {
  /** Named in the sent mail, so that the audit can count: the notification's id. */
  readonly id: string
  readonly to: string
  readonly subject: string
  readonly text: string
  readonly html: string
}

/** Sends mail. Adapters: an outbox folder here, SES later. */
export class Mailer extends Context.Service<
  Mailer,
  { readonly send: (mail: Mail) => Effect.Effect<void, SendingError> }
>()("@flowforge/platform/Mailer") {}

export interface Sms {
  readonly id: string
  readonly to: string
  readonly text: string
}

/** Sends SMS. Adapters: an outbox folder here, SNS later. */
export class SmsSender extends Context.Service<
  SmsSender,
  { readonly send: (sms: Sms) => Effect.Effect<void, SendingError> }
>()("@flowforge/platform/SmsSender") {}
