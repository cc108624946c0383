import { Clock, Effect, Exit, References, type Tracer } from "effect"
import type { NonEmptyReadonlyArray } from "effect/Array"
import type { Delivery } from "../delivery.ts"
import { parseTraceparent, traceparentOf } from "../traceparent.ts"

type Deliveries = NonEmptyReadonlyArray<Delivery<any>>

/**
 * One span for each delivery, `process <topic>`, under the span that its message names as its parent; what is appended
 * with the delivery as its cause goes on from there, so that all services make one trace. What is done for several
 * deliveries together is in a span of its own, linked to each of theirs. A message whose trace is not sampled gets no
 * span, and its traceparent goes on as it came; without tracing that is so for all of them, and costs nothing.
 */
export const traced =
  <E, R>(group: string, handle: (deliveries: Deliveries) => Effect.Effect<void, E, R>) =>
  (deliveries: Deliveries): Effect.Effect<void, E, R> =>
    Effect.gen(function* () {
      if (!(yield* References.TracerEnabled)) return yield* handle(deliveries)
      const own: Array<Delivery<any>> = []
      const spans: Array<Tracer.Span> = []
      for (const delivery of deliveries) {
        const parent = parseTraceparent(delivery.traceparent)
        if (parent?.sampled === false) {
          own.push(delivery)
          continue
        }
        const span = yield* Effect.makeSpan(`process ${delivery.topic}`, {
          kind: "consumer",
          attributes: attributesOf(group, delivery),
          ...(parent === undefined ? { root: true } : { parent })
        })
        spans.push(span)
        own.push({ ...delivery, traceparent: traceparentOf(span), span })
      }
      if (spans.length === 0) return yield* Effect.withTracerEnabled(handle(deliveries), false)
      const around = yield* spanAround(group, own, spans)
      return yield* handle(own as never).pipe(
        Effect.withParentSpan(around),
        Effect.onExit((exit) => endAll([...spans, around], exit))
      )
    })

const attributesOf = (group: string, delivery: Delivery<any>) => ({
  "messaging.system": "flowforge",
  "messaging.operation.name": "process",
  "messaging.operation.type": "process",
  "messaging.consumer.group.name": group,
  "messaging.destination.name": delivery.topic,
  "messaging.destination.partition.id": String(delivery.partition),
  "messaging.message.id": delivery.eventId,
  "messaging.message.conversation_id": delivery.key,
  "flowforge.delivery.attempt": delivery.attempt
})

const spanAround = (group: string, deliveries: ReadonlyArray<Delivery<any>>, spans: ReadonlyArray<Tracer.Span>) =>
  deliveries.length === 1
    ? Effect.succeed(spans[0]!)
    : Effect.makeSpan(`process batch of ${deliveries[0]!.topic}`, {
        root: true,
        attributes: {
          "messaging.system": "flowforge",
          "messaging.operation.name": "process",
          "messaging.consumer.group.name": group,
          "messaging.destination.name": deliveries[0]!.topic,
          "messaging.batch.message_count": deliveries.length
        },
        links: spans.map((span) => ({ span, attributes: {} }))
      })

/** What is done for one delivery alone is in its span. */
export const inSpanOf =
  (delivery: Delivery<any>) =>
  <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    delivery.span === undefined ? effect : (Effect.withParentSpan(effect, delivery.span) as Effect.Effect<A, E, R>)

/** The attempt at this delivery failed, whatever becomes of the others of its batch. */
export const failSpanOf = (delivery: Delivery<any>, reason: string, outcome: "parked" | "dead"): Effect.Effect<void> =>
  Effect.suspend(() => {
    const { span } = delivery
    if (span?._tag !== "Span") return Effect.void
    span.attribute("flowforge.delivery.outcome", outcome)
    return endAll([span], Exit.fail(reason))
  })

const endAll = (spans: ReadonlyArray<Tracer.Span>, exit: Exit.Exit<unknown, unknown>): Effect.Effect<void> =>
  Effect.map(Clock.currentTimeNanos, (now) => {
    for (const span of spans) if (span.status._tag !== "Ended") span.end(now, exit)
  })
