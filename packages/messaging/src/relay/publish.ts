import { Duration, Effect } from "effect"
import { Broker } from "../broker.ts"
import { PublishFailed } from "../errors.ts"
import type { Message } from "../message.ts"

/** A message that the broker will never take. */
export interface Refusal {
  readonly message: Message
  readonly reason: string
}

const TIMEOUT = Duration.seconds(30)

/** A broker that does not answer for 30 seconds counts as away. */
export const answering = <A, R>(ask: Effect.Effect<A, PublishFailed, R>): Effect.Effect<A, PublishFailed, R> =>
  Effect.catchTag(Effect.timeout(ask, TIMEOUT), "TimeoutError", () =>
    Effect.fail(new PublishFailed({ reason: "no answer within 30 seconds", refused: false }))
  )

/**
 * Publishes in order. A batch that is refused for good is split in two, down to the messages at fault, which are
 * answered; everything else is taken. Fails when the broker is away: then any part may have been taken.
 */
export const publishAll = (
  messages: ReadonlyArray<Message>
): Effect.Effect<ReadonlyArray<Refusal>, PublishFailed, Broker> =>
  Effect.gen(function* () {
    const broker = yield* Broker
    yield* broker.publish(messages)
    return []
  }).pipe(
    answering,
    Effect.catchIf(
      (failure) => failure.refused,
      (failure) =>
        messages.length === 1
          ? Effect.succeed([{ message: messages[0]!, reason: failure.reason }])
          : Effect.gen(function* () {
              const middle = messages.length >> 1
              const first = yield* publishAll(messages.slice(0, middle))
              const second = yield* publishAll(messages.slice(middle))
              return [...first, ...second]
            })
    )
  )
