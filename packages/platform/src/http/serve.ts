import { NodeHttpServer } from "@effect/platform-node"
import { ByteSize, Effect, Layer } from "effect"
import { HttpIncomingMessage, HttpRouter, type HttpServerRequest } from "effect/http"
import type { HttpListener, NodeHandler } from "./listener.ts"
import { withProblems } from "./failures.ts"
import { type KnownRoute, makeAllowed } from "./methods.ts"
import { measured } from "./metrics.ts"
import { problems, type Problem } from "./problem.ts"

/** The largest body a request may have: bytes. */
export const BODY_LIMIT = 64 * 1024

const REQUEST_BUDGET = "20 seconds"

/** Serves routes on a listener for as long as the Layer lives; every refusal is an RFC 9457 problem. */
export const layerServe = <A, E, R>(
  listener: HttpListener,
  options: {
    readonly routes: Layer.Layer<A, E, R>
    /** The addresses among them, so that a wrong method is told from a wrong address. */
    readonly known: ReadonlyArray<KnownRoute>
  }
) =>
  Layer.effectDiscard(
    Effect.gen(function* () {
      const scope = yield* Effect.scope
      const app = yield* HttpRouter.toHttpEffect(options.routes)
      const handler = yield* NodeHttpServer.makeHandler(
        app.pipe(
          Effect.timeoutOrElse({ duration: REQUEST_BUDGET, orElse: () => Effect.die(new Error("request timed out")) }),
          withProblems(BODY_LIMIT),
          measured(options.known),
          Effect.provideService(HttpIncomingMessage.MaxBodySize, ByteSize.bytes(BODY_LIMIT))
        ) as Effect.Effect<any, never, HttpServerRequest.HttpServerRequest>,
        { scope }
      )
      yield* listener.serve(refuseEarly(handler as NodeHandler, makeAllowed(options.known)))
    })
  ).pipe(Layer.provide(NodeHttpServer.layerHttpServices))

/** What can be refused from the head of a request alone is refused before anything is spent on it. */
const refuseEarly =
  (handler: NodeHandler, allowed: (path: string) => ReadonlyArray<string>): NodeHandler =>
  (request, response) => {
    const refuse = (problem: Problem, headers: Readonly<Record<string, string>> = {}) => {
      request.resume()
      response
        .writeHead(problem.status, { "content-type": "application/problem+json", ...headers })
        .end(JSON.stringify(problem))
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
    handler(request, response)
  }
