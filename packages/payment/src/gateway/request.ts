import { Agent, request as httpRequest } from "node:http"
import { request as httpsRequest, Agent as HttpsAgent } from "node:https"
import { DependencyUnavailable } from "@flowforge/messaging"
import { Effect } from "effect"
import { OutcomeUnknown } from "./gateway.ts"

const DEPENDENCY = "payment gateway"
const MAX_ANSWER_BYTES = 64 * 1024
/** Idle connections are closed before the gateway closes them, so that none is used in that moment. */
const IDLE_MILLIS = 4_000
const NEVER_ARRIVED = new Set(["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "EHOSTUNREACH", "ENETUNREACH"])

export interface Answer {
  readonly status: number
  readonly body: string
}

export interface Question {
  readonly orderId: string
  readonly method: "GET" | "POST"
  readonly path: string
  readonly key?: string
  readonly body?: string
}

/** Asks over kept connections, on node:http itself: a request costs a third of what `fetch` takes. */
export const makeRequest = (options: {
  readonly url: URL
  readonly timeoutMillis: number
  readonly maxConnections: number
}) => {
  const isSecure = options.url.protocol === "https:"
  const agentOptions = { keepAlive: true, maxSockets: options.maxConnections, timeout: IDLE_MILLIS }
  const agent = isSecure ? new HttpsAgent(agentOptions) : new Agent(agentOptions)
  const send = isSecure ? httpsRequest : httpRequest
  const base = options.url.pathname.replace(/\/$/u, "")
  const target = { host: options.url.hostname, port: options.url.port, agent }

  const ask = ({
    body,
    key,
    method,
    orderId,
    path
  }: Question): Effect.Effect<Answer, DependencyUnavailable | OutcomeUnknown> =>
    Effect.callback((resume) => {
      const headers: Record<string, string | number> = {}
      if (key !== undefined) headers["idempotency-key"] = key
      if (body !== undefined) headers["content-type"] = "application/json"
      headers["content-length"] = body === undefined ? 0 : Buffer.byteLength(body)
      const unknown = () =>
        new OutcomeUnknown({ orderId, reason: `no answer within ${options.timeoutMillis} ms, outcome unknown` })
      const request = send({ ...target, method, path: base + path, headers }, (response) => {
        let text = ""
        response.setEncoding("utf8")
        response.on("data", (chunk: string) => {
          text += chunk
          if (text.length > MAX_ANSWER_BYTES) request.destroy(new Error("the answer is too long"))
        })
        response.on("end", () => {
          clearTimeout(limit)
          resume(Effect.succeed({ status: response.statusCode ?? 0, body: text }))
        })
      })
      const limit = setTimeout(() => {
        resume(Effect.fail(unknown()))
        request.destroy()
      }, options.timeoutMillis)
      request.on("error", (error: NodeJS.ErrnoException) => {
        clearTimeout(limit)
        const reason = error.code ?? error.message
        // A connection lost half-way may have carried the request: like a time-out, but it speaks against the gateway.
        const note = NEVER_ARRIVED.has(reason) ? reason : `${reason}, outcome unknown`
        resume(Effect.fail(new DependencyUnavailable({ dependency: DEPENDENCY, reason: note })))
      })
      request.end(body)
      return Effect.sync(() => {
        clearTimeout(limit)
        request.destroy()
      })
    })

  return { ask, close: Effect.sync(() => agent.destroy()) }
}
