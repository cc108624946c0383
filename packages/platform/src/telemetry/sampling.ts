import { Option, Tracer } from "effect"

/** Where a trace may begin. What the system does by itself, such as polling a table, belongs to no order. */
const BEGINS_A_TRACE: ReadonlySet<Tracer.SpanKind> = new Set(["server", "consumer", "producer"])

/**
 * Keeps a part of the traces, decided once where a trace begins: everything after it follows, across processes by the
 * flag in `traceparent`.
 */
export const sampled = (
  tracer: Tracer.Tracer,
  options: { readonly ratio: number; readonly nextDouble: () => number }
): Tracer.Tracer => ({
  ...tracer,
  span: (span) =>
    Option.isSome(span.parent) || !span.sampled
      ? tracer.span(span)
      : tracer.span({ ...span, sampled: BEGINS_A_TRACE.has(span.kind) && options.nextDouble() < options.ratio })
})
