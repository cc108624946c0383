import { Schema } from "effect"

/** No retry can help: the event is impossible for this handler. It goes to the dead letters at once. Source: a handler. */
export class Unprocessable extends Schema.TaggedError<Unprocessable>()("Unprocessable", {
  reason: Schema.String
}) {}

/**
 * A dependency did not answer, or refused everybody (connection refused, 503, time-out). Over ten or more distinct keys
 * without one success it opens the circuit: the consumer waits and no attempts are spent. Source: a handler.
 */
export class DependencyUnavailable extends Schema.TaggedError<DependencyUnavailable>()("DependencyUnavailable", {
  dependency: Schema.String,
  reason: Schema.String
}) {}

/**
 * Another attempt has the work in hand, for `forMillis` at most: the next one comes no later than that, however long the
 * backoff is. Source: a handler.
 */
export class InHand extends Schema.TaggedError<InHand>()("InHand", {
  reason: Schema.String,
  forMillis: Schema.Number
}) {}

/** The broker took none of the batch, or it is not known what it took: publish it again. Source: a broker adapter. */
export class PublishFailed extends Schema.TaggedError<PublishFailed>()("PublishFailed", {
  reason: Schema.String,
  /** True when this batch can never be taken as it is (a record too large, an invalid header). */
  refused: Schema.Boolean
}) {
  override readonly message = this.reason
}
