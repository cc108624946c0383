import { NodeHttpServer } from "@effect/platform-node"
import { ByteSize, type Duration, Effect, Layer, Scope } from "effect"
import { HttpIncomingMessage, HttpRouter, type HttpServerRequest } from "effect/http"
import { withDeadline } from "./deadline.ts"
import { EarlyRefusals, type Refusal } from "./early-refusals.ts"
import type { HttpListener, NodeHandler } from "./listener.ts"
import { withProblems } from "./failures.ts"
import { type KnownRoute, makeAllowed, makeTemplateOf } from "./methods.ts"
import { measured } from "./metrics.ts"
import { problemResponse, problems, type Problem, retryAfter } from "./problem.ts"
import { withSpanNames } from "./tracing.ts"

/** The largest body a request may have: bytes. */
export const BODY_LIMIT = 64 * 1024

/** How long a request may take until it is answered that it took too long. */
export const REQUEST_BUDGET = "20 seconds"

/** Serves routes on a listener for as long as the Layer lives; every refusal is an RFC 9457 problem. */
export const layerServe = <A, E, R>(
  listener: HttpListener,
  options: {
    readonly routes: Layer.Layer<A, E, R>
    /** The addresses among them, so that a wrong method is told from a wrong address. */
    readonly known: ReadonlyArray<KnownRoute>
    /** How long a handler may take: {@link REQUEST_BUDGET}. */
    readonly budget?: Duration.Input
  }
) =>
  Layer.effectDiscard(
    Effect.gen(function* () {
      const templateOf = makeTemplateOf(options.known)
      const gates = new Map<string, Gate>()
      const add = (method: string, path: string, refusal: Refusal) =>
        gates.set(`${method} ${path}`, { refusal, underWay: 0 })
      const app = yield* HttpRouter.toHttpEffect(
        options.routes.pipe(Layer.provide(Layer.succeed(EarlyRefusals, { add })))
      )
      // A scope of their own, made before the listener serves: what is under way is ended only after draining.
      const requests = yield* Scope.fork(yield* Effect.scope, "parallel")
      const handler = yield* NodeHttpServer.makeHandler(
        app.pipe(
          withDeadline(options.budget ?? REQUEST_BUDGET, () => problemResponse(problems.timedOut)),
          withProblems(BODY_LIMIT),
          Effect.provideService(HttpIncomingMessage.MaxBodySize, ByteSize.bytes(BODY_LIMIT))
        ) as Effect.Effect<any, never, HttpServerRequest.HttpServerRequest>,
        { scope: requests }
      ).pipe(withSpanNames(templateOf))
      const careful = refuseEarly(handler as NodeHandler, makeAllowed(options.known), gates)
      yield* listener.serve(measured(careful, { templateOf, context: yield* Effect.context<never>() }))
    })
  ).pipe(Layer.provide(NodeHttpServer.layerHttpServices))

/** A route that may refuse early. */
interface Gate {
  readonly refusal: Refusal
  underWay: number
}

/** What can be refused from the head of a request alone is refused before anything is spent on it. */
const refuseEarly =
  (
    handler: NodeHandler,
    allowed: (path: string) => ReadonlyArray<string>,
    gates: ReadonlyMap<string, Gate>
  ): NodeHandler =>
  (request, response) => {
    const refuse = (problem: Problem, headers: Readonly<Record<string, string>> = {}) => {
      request.resume()
      const body = JSON.stringify(problem)
      const length = String(Buffer.byteLength(body))
      response
        .writeHead(problem.status, { "content-type": "application/problem+json", "content-length": length, ...headers })
        .end(body)
    }
    if (Number(request.headers["content-length"] ?? 0) > BODY_LIMIT) {
      return refuse(problems.tooLarge(BODY_LIMIT), { connection: "close" })
    }
    const method = request.method === "HEAD" ? "GET" : (request.method ?? "GET")
    const path = request.url?.split("?", 1)[0] ?? "/"
    const methods = allowed(path)
    if (methods.length > 0 && !methods.includes(method)) {
      const headers = { allow: [...methods, ...(methods.includes("GET") ? ["HEAD"] : [])].join(", ") }
      if (method === "OPTIONS") {
        request.resume()
        response.writeHead(204, headers).end()
        return
      }
      return refuse(problems.methodNotAllowed, headers)
    }
    const gate = gates.get(`${method} ${path}`)
    if (gate !== undefined) {
      const problem = gate.refusal(gate.underWay)
      if (problem !== undefined) return refuse(problem, retryAfter(problem))
      gate.underWay++
      response.once("close", () => gate.underWay--)
    }
    handler(request, response)
  }
