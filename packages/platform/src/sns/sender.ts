import { PublishCommand, SNSClient } from "@aws-sdk/client-sns"
import { Effect, Layer } from "effect"
import { type AwsOptions, clientSettings, SENDING_LIMITS } from "../aws/client.ts"
import { sendingErrorOf } from "../aws/sending.ts"
import { awsSpan } from "../aws/span.ts"
import { RecipientRefused } from "../mail/errors.ts"
import { SmsSender } from "../mail/mail.ts"

export interface SnsOptions extends AwsOptions {
  /** Who the SMS is from, where the country allows a name: up to 11 letters and digits. */
  readonly senderId?: string
}

/** E.164. */
const NUMBER = /^\+[1-9]\d{4,14}$/u

/**
 * The number is none, or its owner wants no more SMS. SNS calls by the same name what is wrong with the sender's name or with
 * the text, which is the same for all: that waits for an operator.
 */
const isRefusal = (name: string, reason: string): boolean =>
  name.startsWith("OptedOut") || (name.startsWith("InvalidParameter") && /phone ?number/iu.test(reason))

const text = (value: string) => ({ DataType: "String", StringValue: value })

/** SMS by SNS. An attempt is one call, since an SMS sent again after a lost answer is two SMS. */
export const layerSns = (options: SnsOptions): Layer.Layer<SmsSender> =>
  Layer.effect(
    SmsSender,
    Effect.gen(function* () {
      const client = yield* Effect.acquireRelease(
        Effect.sync(() => new SNSClient(clientSettings(options, SENDING_LIMITS))),
        (made) => Effect.sync(() => made.destroy())
      )
      return SmsSender.of({
        send: (sms) =>
          NUMBER.test(sms.to)
            ? Effect.asVoid(
                Effect.tryPromise({
                  try: (abortSignal) =>
                    client.send(
                      new PublishCommand({
                        PhoneNumber: sms.to,
                        Message: sms.text,
                        MessageAttributes: {
                          "AWS.SNS.SMS.SMSType": text("Transactional"),
                          ...(options.senderId === undefined ? {} : { "AWS.SNS.SMS.SenderID": text(options.senderId) })
                        }
                      }),
                      { abortSignal }
                    ),
                  catch: (error) => sendingErrorOf(error, isRefusal)
                }).pipe(awsSpan("SNS", "Publish"))
              )
            : Effect.fail(new RecipientRefused({ reason: "this is no telephone number" }))
      })
    })
  )
