import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http"
import { Effect, Schema, type Scope } from "effect"
import { answerBrokenRequest } from "./broken-requests.ts"
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

/** What clients may take up, so that slow ones and many of them leave room for the others. */
export interface ListenerLimits {
  /** How long the head of a request may take to arrive. */
  readonly headMillis: number
  /** How long a request may take to arrive, head and body. */
  readonly requestMillis: number
  /** How long an idle connection is kept: longer than the load balancers in front do. */
  readonly keepAliveMillis: number
  readonly headBytes: number
  /** Connections at once; the next ones are closed at once. */
  readonly connections: number
  /** How long shutting down waits for what is under way. */
  readonly drainMillis: number
  /**
   * How long before that connections are asked, with each answer, not to be used again. One that was closed while it is
   * idle may be in use just then: its client gets no answer. Over at once when no connection is open.
   */
  readonly farewellMillis: number
}

export const LISTENER_LIMITS: ListenerLimits = {
  headMillis: 10_000,
  requestMillis: 30_000,
  keepAliveMillis: 65_000,
  headBytes: 16 * 1024,
  connections: 10_000,
  drainMillis: 10_000,
  farewellMillis: 0
}

/** Overdue requests are looked for this many times within the shortest of their limits. */
const CHECKS_PER_LIMIT = 4

/** New connections that may wait to be accepted. Of a burst beyond it, the rest would knock again after 1, 3, 7, … s. */
const BACKLOG = 4_096

export const listen = (options: {
  /** The address to listen on. Default: all. */
  readonly host?: string
  readonly port: number
  /** The variable that moves the port. */
  readonly variable: string
  readonly limits?: Partial<ListenerLimits>
}): Effect.Effect<HttpListener, PortUnavailable, Scope.Scope> =>
  Effect.gen(function* () {
    const limits = { ...LISTENER_LIMITS, ...options.limits }
    const state = { handler: notReady, underWay: 0, isLeaving: false }
    const server = createServer({
      headersTimeout: limits.headMillis,
      requestTimeout: limits.requestMillis,
      connectionsCheckingInterval: Math.min(limits.headMillis, limits.requestMillis) / CHECKS_PER_LIMIT,
      keepAliveTimeout: limits.keepAliveMillis,
      maxHeaderSize: limits.headBytes
    })
    server.maxConnections = limits.connections
    server.on("clientError", answerBrokenRequest)
    server.on("request", (request, response) => {
      state.underWay++
      response.once("close", () => state.underWay--)
      if (state.isLeaving) response.setHeader("connection", "close")
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
                state.isLeaving = true
                const farewell = performance.now() + limits.farewellMillis
                while (performance.now() < farewell && (await connectionsOf(server)) > 0) {
                  await new Promise((wake) => setTimeout(wake, 10))
                }
                state.handler = notReady
                const deadline = performance.now() + limits.drainMillis
                while (state.underWay > 0 && performance.now() < deadline) {
                  server.closeIdleConnections()
                  await new Promise((wake) => setTimeout(wake, 10))
                }
              })
          )
        )
    }
  })

const bind = (server: Server, options: { readonly host?: string; readonly port: number; readonly variable: string }) =>
  Effect.callback<void, PortUnavailable>((resume) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      const reason =
        error.code === "EADDRINUSE"
          ? `Port ${options.port} is taken by another program`
          : `Port ${options.port} cannot be opened (${error.code ?? error.message})`
      // The last port has no next one.
      const another = options.port < 65_535 ? options.port + 1 : options.port - 1
      resume(
        Effect.fail(new PortUnavailable({ message: `${reason}. Choose another one: ${options.variable}=${another}` }))
      )
    })
    server.listen({ host: options.host, port: options.port, backlog: BACKLOG }, () => resume(Effect.void))
  })

const connectionsOf = (server: Server): Promise<number> =>
  new Promise((resolve) => server.getConnections((_, count) => resolve(count ?? 0)))

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
