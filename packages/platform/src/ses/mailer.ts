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

/** Says of the message what no waiting mends, unless it is the sender whom SES does not know. */
const isRefusal = (name: string, reason: string): boolean =>
  (name === "MessageRejected" && !/not verified|authority to send/iu.test(reason)) ||
  name === "BadRequestException" ||
  name === "InvalidParameterValue"

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
              catch: (error) => sendingErrorOf(error, isRefusal)
            }).pipe(awsSpan("SESv2", "SendEmail"))
          })
      })
    })
  )
