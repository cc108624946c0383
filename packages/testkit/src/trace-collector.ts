import { createServer, type Server } from "node:http"
import { text } from "node:stream/consumers"
import { Effect } from "effect"

/** What arrived of a span. `parent` is absent where a trace begins. */
export interface ReceivedSpan {
  readonly name: string
  readonly traceId: string
  readonly spanId: string
  readonly parent: string | undefined
  readonly kind: number
  readonly attributes: Readonly<Record<string, unknown>>
}

/** A collector for traces: OTLP over HTTP as JSON. `answers: false` takes everything and never answers. */
export const startTraceCollector = (options: { readonly answers: boolean } = { answers: true }) =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const spans: Array<ReceivedSpan> = []
      const requests: Array<{ readonly url: string; readonly headers: Record<string, unknown> }> = []
      const server = createServer(async (request, response) => {
        requests.push({ url: request.url ?? "", headers: request.headers })
        if (!options.answers) return
        const { resourceSpans } = JSON.parse(await text(request))
        for (const { scopeSpans } of resourceSpans)
          for (const { spans: batch } of scopeSpans)
            for (const span of batch) {
              spans.push({
                name: span.name,
                traceId: span.traceId,
                spanId: span.spanId,
                parent: span.parentSpanId,
                kind: span.kind,
                attributes: Object.fromEntries(
                  span.attributes.map(({ key, value }: { key: string; value: object }) => [
                    key,
                    Object.values(value)[0]
                  ])
                )
              })
            }
        response.end("{}")
      })
      await new Promise<void>((done) => server.listen(0, "127.0.0.1", done))
      return { server, spans, requests, url: `http://127.0.0.1:${portOf(server)}` }
    }),
    ({ server }) =>
      Effect.promise(async () => {
        server.closeAllConnections()
        await new Promise((done) => server.close(done))
      })
  )

const portOf = (server: Server): number => {
  const address = server.address()
  return typeof address === "object" && address !== null ? address.port : 0
}
