import { SendEmailCommand, SESv2Client } from "@aws-sdk/client-sesv2"
import { Clock, Effect, Layer } from "effect"
import { type AwsOptions, clientSettings, SENDING_LIMITS } from "../aws/client.ts"
import { sendingErrorOf } from "../aws/sending.ts"
import { awsSpan } from "../aws/span.ts"
import { RecipientRefused } from "../mail/errors.ts"
import { isAddress } from "../mail/faults.ts"
import { Mailer } from "../mail/mail.ts"
import { renderMail } from "../mail/mime.ts"

export interface SesOptions extends AwsOptions {
  /** The mails' sender, which SES has to know: `FlowForge <orders@example.com>`. */
  readonly from: string
  /** SES's set of rules for what becomes of a mail: events of bounces, a pool of addresses. */
  readonly configurationSet?: string
}

/** Words of SES, or of what stands in for it, for an address that is none, or that it never sends to. */
const ADDRESS_REFUSED =
  /illegal address|invalid email address|missing (?:final '@domain'|domain)|(?:local address|domain) (?:contains|starts|ends)|address (?:is )?blacklisted/iu

/**
 * Only what is said of the recipient's address is final for this one recipient. Everything else (the sender, a set of rules,
 * the message's form) is the same for all, and an operator's to mend: it waits. SES does not always say whose address it
 * means; the sender's was found right at the start.
 */
const isRefusalOf =
  (from: string) =>
  (name: string, reason: string): boolean =>
    REFUSALS.has(name) && ADDRESS_REFUSED.test(reason) && !reason.includes(addressOf(from))

const REFUSALS = new Set(["MessageRejected", "BadRequestException", "InvalidParameterValue"])

const addressOf = (sender: string): string => /<(?<address>[^>]*)>$/u.exec(sender)?.groups?.["address"] ?? sender

/**
 * Mail by SES, API version 2, as whole MIME messages: what arrives is what every other adapter sends. An attempt is one
 * call, since a mail sent again after a lost answer is two mails. The notification's id is a tag of the mail and in its
 * Message-ID, of which SES makes one of its own.
 */
export const layerSes = (options: SesOptions): Layer.Layer<Mailer> =>
  Layer.effect(
    Mailer,
    Effect.gen(function* () {
      const client = yield* Effect.acquireRelease(
        Effect.sync(() => new SESv2Client(clientSettings(options, SENDING_LIMITS))),
        (made) => Effect.sync(() => made.destroy())
      )
      return Mailer.of({
        send: (mail) =>
          Effect.gen(function* () {
            if (!isAddress(mail.to)) return yield* new RecipientRefused({ reason: "this is no address" })
            const source = renderMail(mail, options.from, yield* Clock.currentTimeMillis)
            yield* Effect.tryPromise({
              try: (abortSignal) =>
                client.send(
                  new SendEmailCommand({
                    FromEmailAddress: options.from,
                    Destination: { ToAddresses: [mail.to] },
                    Content: { Raw: { Data: Buffer.from(source) } },
                    EmailTags: [{ Name: "notification_id", Value: mail.id }],
                    ...(options.configurationSet === undefined
                      ? {}
                      : { ConfigurationSetName: options.configurationSet })
                  }),
                  { abortSignal }
                ),
              catch: (error) => sendingErrorOf(error, isRefusalOf(options.from))
            }).pipe(awsSpan("SESv2", "SendEmail"))
          })
      })
    })
  )
