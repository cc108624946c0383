import { HttpServerResponse } from "effect/http"

/** An RFC 9457 problem as it goes out. `retry_after_seconds` also becomes the Retry-After header. */
export interface Problem {
  readonly type: string
  readonly status: number
  readonly title: string
  readonly detail?: string
  readonly errors?: ReadonlyArray<{ readonly field: string; readonly message: string }>
  readonly retry_after_seconds?: number
}

const CONTENT_TYPE = "application/problem+json"

const urn = (name: string): string => `urn:flowforge:problem:${name}`

/** Problems that any address can have, whatever it does. */
export const problems = {
  invalidRequest: (errors: NonNullable<Problem["errors"]>): Problem => ({
    type: urn("invalid-request"),
    status: 400,
    title: "The request is not valid",
    errors
  }),
  notFound: { type: urn("not-found"), status: 404, title: "There is nothing at this address" },
  methodNotAllowed: { type: urn("method-not-allowed"), status: 405, title: "This address does not answer this method" },
  tooLarge: (bytes: number): Problem => ({
    type: urn("body-too-large"),
    status: 413,
    title: "The body is too large",
    errors: [{ field: "body", message: `must have at most ${bytes} bytes` }]
  }),
  unsupportedMediaType: {
    type: urn("unsupported-media-type"),
    status: 415,
    title: "The body must be application/json",
    errors: [{ field: "content-type", message: "must be application/json" }]
  },
  headTooLarge: { type: urn("head-too-large"), status: 431, title: "The head of the request is too large" },
  tooSlow: { type: urn("too-slow"), status: 408, title: "The request did not arrive in time" },
  notHttp: { type: urn("not-http"), status: 400, title: "This is not a request in HTTP" },
  internal: { type: urn("internal"), status: 500, title: "Something went wrong on our side" },
  unavailable: (detail: string, retryAfterSeconds = 1): Problem => ({
    type: urn("unavailable"),
    status: 503,
    title: "Not available at the moment",
    detail,
    retry_after_seconds: retryAfterSeconds
  }),
  tooManyRequests: {
    type: urn("too-many-requests"),
    status: 429,
    title: "Too many requests are waiting",
    retry_after_seconds: 1
  },
  timedOut: { type: urn("unavailable"), status: 503, title: "It took too long", retry_after_seconds: 1 }
} satisfies Record<string, Problem | ((...args: Array<any>) => Problem)>

export const problemResponse = (
  problem: Problem,
  headers: Readonly<Record<string, string>> = {}
): HttpServerResponse.HttpServerResponse =>
  HttpServerResponse.jsonUnsafe(problem, {
    status: problem.status,
    contentType: CONTENT_TYPE,
    headers: { ...headers, ...retryAfter(problem) }
  })

export const retryAfter = (problem: { readonly retry_after_seconds?: number }): Record<string, string> =>
  problem.retry_after_seconds === undefined ? {} : { "retry-after": String(problem.retry_after_seconds) }

const byStatus: Readonly<Record<number, Problem>> = {
  404: problems.notFound,
  405: problems.methodNotAllowed,
  415: problems.unsupportedMediaType,
  500: problems.internal
}

const utf8 = new TextDecoder()

/** Gives an answer its last form: a bare refusal becomes a problem, and what says when to come back gets the header. */
export const completed = (response: HttpServerResponse.HttpServerResponse): HttpServerResponse.HttpServerResponse => {
  if (response.status < 400) return response
  const isProblem = response.body._tag !== "Empty" && response.body.contentType === CONTENT_TYPE
  if (!isProblem) {
    const problem = byStatus[response.status]
    return problem === undefined ? response : problemResponse(problem)
  }
  if (response.headers["retry-after"] !== undefined || response.body._tag !== "Uint8Array") return response
  const { retry_after_seconds: seconds } = JSON.parse(utf8.decode(response.body.body)) as Problem
  return seconds === undefined ? response : HttpServerResponse.setHeader(response, "retry-after", String(seconds))
}
