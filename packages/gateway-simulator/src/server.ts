import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http"
import { setTimeout as sleep } from "node:timers/promises"
import type { Answer, CaptureRequest, Company, RefundRequest } from "./company.ts"
import type { Ledger } from "./ledger.ts"
import { readChange } from "./switches.ts"

const PROBLEMS: Readonly<Record<number, { readonly type: string; readonly title: string }>> = {
  400: { type: "urn:gateway:bad-request", title: "The request is not valid" },
  404: { type: "urn:gateway:unknown-key", title: "Nothing is recorded under this key" },
  409: { type: "urn:gateway:key-conflict", title: "The key was used with another request" },
  503: { type: "urn:gateway:unavailable", title: "The payment company is not available" }
}

const MAX_BODY = 64 * 1024
const MAX_PAGE = 1_000
/** The request cannot be read. */
class BadRequest extends Error {}

/**
 * The company's HTTP interface, as declared by GatewayApi and GatewayControlApi of the contracts. `onFailure` hears of
 * what the company cannot go on with: its ledger could not be written.
 */
export const makeServer = (company: Company, ledger: Ledger, onFailure: (error: Error) => void): Server =>
  createServer({ keepAliveTimeout: 65_000 }, (request, response) => {
    route(company, ledger, request, response).catch((error: Error) => {
      if (error instanceof BadRequest) return send(response, 400, undefined)
      response.destroy()
      onFailure(error)
    })
  })

const route = async (
  company: Company,
  ledger: Ledger,
  request: IncomingMessage,
  response: ServerResponse
): Promise<void> => {
  const url = request.url ?? "/"
  if (url.startsWith("/control/") || url === "/health/live") return control(company, ledger, request, response)
  const key = request.headers["idempotency-key"]
  const body = request.method === "POST" ? await read(request) : ""
  if (company.switches.latency_ms > 0) await sleep(company.switches.latency_ms)
  if (company.refusesEverybody()) return send(response, 503, undefined)
  const answer = await answerOf(company, `${request.method} ${url.split("?", 1)[0]}`, key, body)
  if (answer.status === "never") return
  send(response, answer.status, answer.status === 200 ? answer.payment : undefined)
}

const answerOf = async (company: Company, route: string, key: unknown, body: string): Promise<Answer> => {
  if (route.startsWith("GET /v1/payments/")) return company.find(keyIn(route))
  if (typeof key !== "string" || key === "") return { status: 400 }
  switch (route) {
    case "POST /v1/captures": {
      const request = parse(body) as CaptureRequest
      const isValid =
        Number.isSafeInteger(request.amount) &&
        request.amount >= 0 &&
        typeof request.method === "string" &&
        typeof request.token === "string" &&
        typeof request.reference === "string"
      if (!isValid) return { status: 400 }
      const { amount, method, reference, token } = request
      return company.capture(key, { amount, method, reference, token })
    }
    case "POST /v1/voids":
      return company.void(key)
    case "POST /v1/refunds": {
      const request = parse(body) as RefundRequest
      const isValid = typeof request.txn_id === "string" && Number.isSafeInteger(request.amount)
      return isValid ? company.refund(key, request) : { status: 400 }
    }
    default:
      return { status: 404 }
  }
}

const control = async (
  company: Company,
  ledger: Ledger,
  request: IncomingMessage,
  response: ServerResponse
): Promise<void> => {
  const url = new URL(request.url ?? "/", "http://localhost")
  switch (`${request.method} ${url.pathname}`) {
    case "GET /health/live":
      response.writeHead(204).end()
      return
    case "GET /control/ledger": {
      const after = Math.max(0, Number(url.searchParams.get("after") ?? 0) || 0)
      const limit = Math.min(MAX_PAGE, Number(url.searchParams.get("limit") ?? MAX_PAGE) || MAX_PAGE)
      return send(response, 200, { entries: ledger.page(after, limit) })
    }
    case "GET /control/switches":
      return send(response, 200, company.switches)
    case "PATCH /control/switches": {
      const change = readChange(parse(await read(request)))
      if (change === undefined) return send(response, 400, undefined)
      Object.assign(company.switches, change)
      return send(response, 200, company.switches)
    }
    default:
      return send(response, 404, undefined)
  }
}

const send = (response: ServerResponse, status: number, body: unknown): void => {
  if (response.headersSent || response.destroyed) return
  const problem = PROBLEMS[status]
  const text = JSON.stringify(problem === undefined ? body : { ...problem, status })
  response
    .writeHead(status, {
      "content-type": problem === undefined ? "application/json" : "application/problem+json",
      "content-length": Buffer.byteLength(text)
    })
    .end(text)
}

const keyIn = (route: string): string => {
  try {
    return decodeURIComponent(route.slice("GET /v1/payments/".length))
  } catch (cause) {
    throw new BadRequest("not a key", { cause })
  }
}

const parse = (body: string): object => {
  try {
    const value: unknown = JSON.parse(body)
    if (typeof value === "object" && value !== null) return value
  } catch (cause) {
    throw new BadRequest("not JSON", { cause })
  }
  throw new BadRequest("not an object")
}

const read = (request: IncomingMessage): Promise<string> =>
  new Promise((done, fail) => {
    let text = ""
    request.setEncoding("utf8")
    request.on("data", (chunk: string) => {
      text += chunk
      if (text.length > MAX_BODY) fail(new BadRequest("too large"))
    })
    request.on("end", () => done(text))
    request.on("error", (cause) => fail(new BadRequest("cut off", { cause })))
  })
