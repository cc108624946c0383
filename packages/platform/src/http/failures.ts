import { Cause, Effect } from "effect"
import { HttpServerError, HttpServerRequest, type HttpServerResponse } from "effect/http"
import { HttpApiError } from "effect/http-api"
import { isPassing } from "../postgres/passing.ts"
import { fieldErrors } from "./field-errors.ts"
import { completed, problemResponse, problems } from "./problem.ts"

const PLACES = { Params: "path", Headers: "header", Query: "query", Payload: "body" } as const

/** The answer to what a handler did not turn into one itself; undefined when it is our own fault. */
const knownResponse = (error: unknown, bodyLimit: number): HttpServerResponse.HttpServerResponse | undefined => {
  if (HttpApiError.HttpApiSchemaError.is(error) && error.kind in PLACES) {
    const place = PLACES[error.kind as keyof typeof PLACES]
    return problemResponse(problems.invalidRequest(fieldErrors(place, error.cause)))
  }
  if (isPassing(error)) return problemResponse(problems.unavailable("The database does not answer."))
  if (HttpServerError.isHttpServerError(error)) {
    if (error.reason._tag === "RouteNotFound") return problemResponse(problems.notFound)
    if (error.reason._tag === "RequestParseError") return problemResponse(problems.tooLarge(bodyLimit))
  }
  return undefined
}

/** Turns every end of a handler into an answer people can act on; defects go to the log, never to the client. */
export const withProblems =
  (bodyLimit: number) =>
  <E, R>(handler: Effect.Effect<HttpServerResponse.HttpServerResponse, E, R>) =>
    handler.pipe(
      Effect.map(completed),
      Effect.catchCause((cause) => {
        if (Cause.hasInterruptsOnly(cause)) return Effect.interrupt
        const response = knownResponse(Cause.squash(cause), bodyLimit)
        if (response !== undefined) return Effect.succeed(response)
        return HttpServerRequest.HttpServerRequest.pipe(
          Effect.flatMap((request) =>
            Effect.logError("a request failed", cause).pipe(
              Effect.annotateLogs({ method: request.method, path: request.url.split("?")[0] })
            )
          ),
          Effect.as(problemResponse(problems.internal))
        )
      })
    )
