import type { RequestInFlight, TooManyRequests, Unavailable } from "@flowforge/contracts"
import { Effect, Schedule, Schema } from "effect"
import { HttpClientError } from "effect/http"

/** A request got no answer: the connection was refused, or broke. */
export class Unanswered extends Schema.TaggedError<Unanswered>()("Unanswered", { message: Schema.String }) {}

/** The system does not answer any more, or only that it cannot. */
export class SystemGone extends Schema.TaggedError<SystemGone>()("SystemGone", { message: Schema.String }) {}

type Silence = Unanswered | HttpClientError.HttpClientError
type ComeBackLater = Unavailable | TooManyRequests | RequestInFlight

const isSilence = (error: unknown): error is Silence =>
  error instanceof Unanswered || HttpClientError.isHttpClientError(error)

const isComeBackLater = (error: unknown): error is ComeBackLater =>
  ["Unavailable", "TooManyRequests", "RequestInFlight"].includes((error as { readonly _tag: string })._tag)

/**
 * Asks again as a good client does: for three seconds when there is no answer, for twenty when the answer is to come
 * back later. Then the system counts as gone.
 */
export const patiently = <A, E, R>(
  request: Effect.Effect<A, E, R>
): Effect.Effect<A, Exclude<E, Silence | ComeBackLater> | SystemGone, R> =>
  request.pipe(
    Effect.retry({ while: isSilence, schedule: Schedule.spaced("200 millis").pipe(Schedule.upTo({ times: 15 })) }),
    Effect.retry({ while: isComeBackLater, schedule: Schedule.spaced("1 second").pipe(Schedule.upTo({ times: 20 })) }),
    Effect.mapError((error) =>
      isSilence(error) || isComeBackLater(error)
        ? new SystemGone({ message: error.message })
        : (error as Exclude<E, Silence | ComeBackLater>)
    )
  )
