import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http"
import { Effect, Schema, type Scope } from "effect"
import { problems } from "./problem.ts"

/** The port is not to be had. `message` says which, and which variable moves it. */
export class PortUnavailable extends Schema.TaggedError<PortUnavailable>()("PortUnavailable", {
  message: Schema.String
}) {}

export type NodeHandler = (request: IncomingMessage, response: ServerResponse) => void

/** A port that listens from the first moment, and answers 503 until it is given something to serve. */
export interface HttpListener {
  readonly port: number
  /** Serves from now on, until the scope closes: then what is under way is finished and nothing new is taken. */
  readonly serve: (handler: NodeHandler) => Effect.Effect<void, never, Scope.Scope>
}

/** How long a request may take, headers and body included, and how long an idle connection is kept: milliseconds. */
const REQUEST_TIMEOUT = 30_000
const KEEP_ALIVE_TIMEOUT = 65_000
/** How long shutting down waits for what is under way. */
const DRAIN_MILLIS = 10_000

export const listen = (options: {
  readonly port: number
  /** The variable that moves the port. */
  readonly variable: string
}): Effect.Effect<HttpListener, PortUnavailable, Scope.Scope> =>
  Effect.gen(function* () {
    const state = { handler: notReady, underWay: 0 }
    const server = createServer({ requestTimeout: REQUEST_TIMEOUT, keepAliveTimeout: KEEP_ALIVE_TIMEOUT })
    server.on("request", (request, response) => {
      state.underWay++
      response.once("close", () => state.underWay--)
      state.handler(request, response)
    })
    yield* Effect.acquireRelease(bind(server, options), () => close(server))
    const address = server.address()
    return {
      port: typeof address === "object" && address !== null ? address.port : options.port,
      serve: (handler) =>
        Effect.asVoid(
          Effect.acquireRelease(
            Effect.sync(() => (state.handler = handler)),
            () =>
              Effect.promise(async () => {
                state.handler = notReady
                const deadline = performance.now() + DRAIN_MILLIS
                while (state.underWay > 0 && performance.now() < deadline) {
                  server.closeIdleConnections()
                  await new Promise((wake) => setTimeout(wake, 10))
                }
              })
          )
        )
    }
  })

const bind = (server: Server, options: { readonly port: number; readonly variable: string }) =>
  Effect.callback<void, PortUnavailable>((resume) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      const reason =
        error.code === "EADDRINUSE"
          ? `Port ${options.port} is taken by another program`
          : `Port ${options.port} cannot be opened (${error.code ?? error.message})`
      resume(
        Effect.fail(
          new PortUnavailable({ message: `${reason}. Choose another one: ${options.variable}=${options.port + 1}` })
        )
      )
    })
    server.listen(options.port, () => resume(Effect.void))
  })

const close = (server: Server) =>
  Effect.callback<void>((resume) => {
    server.close(() => resume(Effect.void))
    server.closeAllConnections()
  })

/** Before everything behind it is there, and while shutting down: alive, but come back in a second. */
const notReady: NodeHandler = (request, response) => {
  request.resume()
  if (request.url === "/health/live") {
    response.writeHead(204).end()
    return
  }
  const problem = problems.unavailable("Starting or stopping; try again in a second.")
  response
    .writeHead(503, { "content-type": "application/problem+json", "retry-after": "1", connection: "close" })
    .end(JSON.stringify(problem))
}
