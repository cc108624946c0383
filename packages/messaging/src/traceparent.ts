import { Context, Effect, Option, Tracer } from "effect"

const TRACEPARENT = /^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?$/u
const NO_TRACE = "0".repeat(32)
const NO_SPAN = "0".repeat(16)

/** Reads a W3C `traceparent`; undefined when it is none. A version to come begins with the same four parts. */
export const parseTraceparent = (traceparent: string | undefined): Tracer.ExternalSpan | undefined => {
  const [, traceId, spanId, flags] = TRACEPARENT.exec(traceparent ?? "") ?? []
  if (traceId === undefined || spanId === undefined || flags === undefined) return undefined
  if (traceparent!.startsWith("ff") || traceId === NO_TRACE || spanId === NO_SPAN) return undefined
  return Tracer.externalSpan({ traceId, spanId, sampled: (Number.parseInt(flags, 16) & 1) === 1 })
}

export const traceparentOf = (span: Tracer.AnySpan): string =>
  `00-${span.traceId.padStart(32, "0")}-${span.spanId}-${span.sampled ? "01" : "00"}`

const propagated = (span: Tracer.AnySpan): Tracer.AnySpan | undefined => {
  if (!Context.get(span.annotations, Tracer.DisablePropagation)) return span
  return span._tag === "Span" && Option.isSome(span.parent) ? propagated(span.parent.value) : undefined
}

/**
 * The W3C `traceparent` of the current span, to be the cause of a message that begins with a request:
 * `message(topic, event, { traceparent: yield* currentTraceparent })`. Undefined when nothing is traced.
 */
export const currentTraceparent: Effect.Effect<string | undefined> = Effect.map(
  Effect.serviceOption(Tracer.ParentSpan),
  (current) => {
    const span = Option.isSome(current) ? propagated(current.value) : undefined
    return span === undefined ? undefined : traceparentOf(span)
  }
)
