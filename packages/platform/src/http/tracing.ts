import { Effect } from "effect"
import { HttpMiddleware } from "effect/http"

/** Asked every few seconds by machines, about no order. */
const UNTRACED = /^\/(?:health\/|metrics|version)/u

/**
 * Names the spans of requests by route template (`POST /orders`), and makes none for health and metrics. The span itself
 * is Effect's, and continues the caller's `traceparent`.
 */
export const withSpanNames = (templateOf: (path: string) => string | undefined) => {
  const nameOf = (request: { readonly method: string; readonly url: string }): string => {
    const template = templateOf(request.url.split("?", 1)[0]!)
    return template === undefined ? request.method : `${request.method} ${template}`
  }
  return <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    effect.pipe(
      Effect.provideService(HttpMiddleware.SpanNameGenerator, nameOf),
      Effect.provideService(HttpMiddleware.TracerDisabledWhen, ({ url }) => UNTRACED.test(url))
    )
}
