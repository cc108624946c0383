import { hash } from "node:crypto"
import type { NotificationId, OrderId } from "@flowforge/contracts"
import { DependencyUnavailable, InHand, Unprocessable } from "@flowforge/messaging"
import { Mailer, ObjectStore, type SendingError, SmsSender } from "@flowforge/platform"
import { Clock, Context, Duration, Effect, Layer, Metric } from "effect"
import { NotificationConfig } from "./config.ts"
import { reach } from "./crash-points.ts"
import { channelOf, type Duty, type Kind, type Outcome } from "./domain.ts"
import type { Letter } from "./letters.ts"
import { renderSeconds } from "./metrics.ts"
import { renderHtml } from "./receipts/html.ts"
import type { Receipt } from "./receipts/receipt.ts"
import type { Claims, Results, StoredReceipt } from "./store.ts"

/** What one attempt at an order has to do. */
export interface Plan {
  readonly orderId: OrderId
  /** When its claims were made: milliseconds. */
  readonly preparedAt: number
  readonly duties: ReadonlyArray<Duty>
  readonly recipient: Pick<Claims, "name" | "email" | "phone">
  /** To be stored; undefined when there is none, or one already. */
  readonly receipt: (Receipt & { readonly key: string }) | undefined
  readonly letter: Letter
}

/** What came of it. */
export interface Sendings {
  readonly receipt: StoredReceipt | undefined
  readonly outcomes: ReadonlyArray<Outcome>
  /** A company was asked, and did not answer. */
  readonly isSilence: boolean
}

/** Does what a plan says with the outside world. */
export class Sending extends Context.Service<
  Sending,
  {
    /** However it ends other than well, `keep` gets what is known by then. */
    readonly carryOut: (
      plan: Plan | undefined,
      keep: (progress: Results) => Effect.Effect<void>
    ) => Effect.Effect<Sendings, DependencyUnavailable | InHand | Unprocessable>
  }
>()("@flowforge/notification/Sending") {
  static readonly layer: Layer.Layer<Sending, never, Mailer | NotificationConfig | ObjectStore | SmsSender> =
    Layer.effect(
      Sending,
      Effect.gen(function* () {
        const objects = yield* ObjectStore
        const mailer = yield* Mailer
        const smsSender = yield* SmsSender
        const { claimLimit } = yield* NotificationConfig
        const timeLimitMillis = Duration.toMillis(claimLimit)
        const clock = yield* Clock.Clock

        const store = Effect.fnUntraced(function* (receipt: Receipt & { readonly key: string }) {
          const startedAt = clock.monotonicTimeNanosUnsafe()
          const body = Buffer.from(renderHtml(receipt))
          yield* Metric.update(htmlSeconds, Number(clock.monotonicTimeNanosUnsafe() - startedAt) / 1e9)
          yield* objects
            .put({ key: receipt.key, body, contentType: "text/html; charset=utf-8" })
            .pipe(
              Effect.catchTag("ObjectStoreUnavailable", ({ reason }) =>
                Effect.fail(new DependencyUnavailable({ dependency: "object store", reason }))
              )
            )
          return { orderId: receipt.orderId, key: receipt.key, sha256: hash("sha256", body, "buffer") }
        })

        const send = ({ letter, recipient }: Plan, id: NotificationId, kind: Kind) =>
          channelOf(kind) === "sms"
            ? smsSender.send({ id, to: recipient.phone!, text: letter.sms })
            : mailer.send({
                id,
                to: recipient.email,
                toName: recipient.name,
                subject: letter.subject,
                text: letter.text,
                html: letter.html
              })

        const attempt = Effect.fnUntraced(function* (plan: Plan, progress: Progress) {
          if (plan.receipt !== undefined) {
            progress.receipt = yield* store(plan.receipt)
            yield* reach("sending.stored")
          }
          for (const duty of plan.duties) {
            if (duty._tag === "GiveUp") progress.outcomes.push(unknown(duty.id, "no result within the time limit"))
            if (duty._tag !== "Send") continue
            const { id, kind } = duty
            // So late, somebody else may have given our claim up.
            if (clock.currentTimeMillisUnsafe() - plan.preparedAt >= timeLimitMillis) {
              return yield* new InHand({ reason: `${kind} came to its turn too late`, forMillis: 0 })
            }
            // From here on it may have been sent, whatever happens.
            progress.unsent.delete(id)
            progress.outcomes.push(
              yield* send(plan, id, kind).pipe(
                Effect.matchEffect({
                  onSuccess: () =>
                    Effect.as(reach("sending.sent"), { id, status: "sent", error: "" } satisfies Outcome),
                  onFailure: (error) => {
                    if (error._tag === "SendingUnavailable") progress.unsent.add(id)
                    if (error._tag === "SendingOutcomeUnknown") progress.isSilence = true
                    return endOf(error, id, kind)
                  }
                })
              )
            )
          }
          const held = plan.duties.findLast((duty) => duty._tag === "Wait")
          if (held !== undefined) {
            return yield* new InHand({ reason: `another attempt has claimed ${held.kind}`, forMillis: held.forMillis })
          }
          return progress as Sendings
        })

        return Sending.of({
          carryOut: (plan, keep) =>
            Effect.suspend((): Effect.Effect<Sendings, DependencyUnavailable | InHand | Unprocessable> => {
              if (plan === undefined) return Effect.fail(new Unprocessable({ reason: "there is no such customer" }))
              const progress: Progress = {
                receipt: undefined,
                outcomes: [],
                isSilence: false,
                unsent: new Set(idsToSend(plan.duties))
              }
              return Effect.onError(attempt(plan, progress), () => keep(resultsOf(progress)))
            })
        })
      })
    )
}

const htmlSeconds = Metric.withAttributes(renderSeconds, { format: "html" })

interface Progress {
  receipt: StoredReceipt | undefined
  readonly outcomes: Array<Outcome>
  isSilence: boolean
  /** Claims of this attempt that were certainly not sent. */
  readonly unsent: Set<NotificationId>
}

/** The notifications that an attempt has claimed. */
export const idsToSend = (duties: ReadonlyArray<Duty>): ReadonlyArray<NotificationId> =>
  duties.flatMap((duty) => (duty._tag === "Send" ? [duty.id] : []))

const resultsOf = ({ outcomes, receipt, unsent }: Progress): Results => ({
  receipts: receipt === undefined ? [] : [receipt],
  outcomes,
  returned: [...unsent]
})

const unknown = (id: NotificationId, error: string): Outcome => ({ id, status: "unknown", error })

/** Refused and unanswered are ends; what was not sent at all is tried again. */
const endOf = (error: SendingError, id: NotificationId, kind: Kind): Effect.Effect<Outcome, DependencyUnavailable> => {
  switch (error._tag) {
    case "RecipientRefused":
      return Effect.succeed({ id, status: "failed", error: error.reason })
    case "SendingOutcomeUnknown":
      return Effect.succeed(unknown(id, error.reason))
    case "SendingUnavailable":
      return Effect.fail(new DependencyUnavailable({ dependency: channelOf(kind), reason: error.reason }))
  }
}
