import { createConnection } from "node:net"
import {
  EarlyRefusals,
  type HttpListener,
  layerHealthRoutes,
  layerServe,
  listen,
  type Refusal,
  routesOf
} from "@flowforge/platform/http"
import { jsonLogger } from "@flowforge/platform/telemetry"
import { type Duration, Effect, Layer, Logger, Metric, Schema } from "effect"
import { HttpApi, HttpApiBuilder, HttpApiEndpoint, HttpApiGroup } from "effect/http-api"

const Note = Schema.Struct({
  text: Schema.String.check(Schema.isBetweenLength(1, 20)),
  copies: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 9 })),
  tags: Schema.optionalKey(
    Schema.Array(Schema.Struct({ name: Schema.String })).check(Schema.isBetweenLength(1, 40_000))
  ),
  color: Schema.optionalKey(Schema.Literals(["red", "blue"]))
}).annotate({ identifier: "Note" })

/** An API with every kind of input, and one address for each way a handler can end. */
export class NotesApi extends HttpApi.make("notes")
  .add(
    HttpApiGroup.make("notes").add(
      HttpApiEndpoint.post("write", "/notes", { payload: Note, success: Schema.String }),
      HttpApiEndpoint.get("read", "/notes/:note_id", {
        params: { note_id: Schema.FiniteFromString.check(Schema.isInt()) },
        query: {
          limit: Schema.optionalKey(Schema.FiniteFromString.check(Schema.isBetween({ minimum: 1, maximum: 9 })))
        },
        success: Schema.String
      }),
      HttpApiEndpoint.get("act", "/act", { success: Schema.String })
    )
  )
  .annotate(HttpApi.ParseOptions, { errors: "all" }) {}

/** Serves the notes on a listener, `/act` doing what it is told; answers once they are served. */
export const serveNotes = (
  listener: HttpListener,
  options: {
    readonly act?: Effect.Effect<string, never>
    readonly budget?: Duration.Input
    /** What new notes are refused with at the moment. */
    readonly refusal?: Refusal
  } = {}
) =>
  Layer.build(
    layerServe(listener, {
      known: [...routesOf(NotesApi), { method: "GET", path: "/health/ready" }],
      routes: Layer.mergeAll(
        HttpApiBuilder.layer(NotesApi).pipe(
          Layer.provide(
            HttpApiBuilder.group(
              NotesApi,
              "notes",
              Effect.fnUntraced(function* (handlers) {
                const early = yield* EarlyRefusals
                if (options.refusal !== undefined) early.add("POST", "/notes", options.refusal)
                return handlers
                  .handle("write", ({ payload }) => Effect.succeed(payload.text))
                  .handle("read", ({ params }) => Effect.succeed(String(params.note_id)))
                  .handle("act", () => options.act ?? Effect.succeed("done"))
              })
            )
          )
        ),
        layerHealthRoutes({ version: { name: "notes", version: "1.2.3" }, readiness: {} })
      ),
      ...(options.budget === undefined ? {} : { budget: options.budget })
    })
  )

/** A listener on a free port, the notes served on it, the lines it logs, and its metrics apart from other tests'. */
export const servedNotes = Effect.fnUntraced(function* (
  options: Parameters<typeof serveNotes>[1] & { readonly limits?: Parameters<typeof listen>[0]["limits"] } = {}
) {
  const { limits, ...serving } = options
  const lines: Array<any> = []
  const registry: Metric.MetricRegistry = new Map()
  const listener = yield* listen({ port: 0, variable: "PORT", ...(limits === undefined ? {} : { limits }) })
  yield* serveNotes(listener, serving).pipe(
    Effect.provide(Logger.layer([jsonLogger("notes", (line) => lines.push(JSON.parse(line)))])),
    Effect.provideService(Metric.MetricRegistry, registry)
  )
  return { port: listener.port, url: `http://127.0.0.1:${listener.port}`, lines, registry }
})

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly body: any
}

export const ask = (url: string, init: RequestInit = {}): Effect.Effect<Answer> =>
  Effect.promise(async () => {
    const response = await fetch(url, init)
    const text = await response.text()
    const isJson = response.headers.get("content-type")?.includes("json") ?? false
    return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text }
  })

export const post = (url: string, body: string, headers: Record<string, string> = {}) =>
  ask(url, { method: "POST", body, headers: { "content-type": "application/json", ...headers } })

/** Writes text to the port as it stands, and answers everything that came back until the other side closed. */
export const raw = (port: number, text: string): Effect.Effect<string> =>
  Effect.promise(
    () =>
      new Promise<string>((done) => {
        let answer = ""
        const socket = createConnection({ port, host: "127.0.0.1" }, () => socket.write(text))
        socket.on("data", (chunk) => (answer += chunk))
        socket.on("error", () => undefined)
        socket.on("close", () => done(answer))
      })
  )
