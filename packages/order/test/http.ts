import { OrdersApi, PublicApi } from "@flowforge/contracts"
import { Wakeups } from "@flowforge/messaging"
import { Cache, layerPostgres } from "@flowforge/platform"
import { layerServe, listen, routesOf } from "@flowforge/platform/http"
import { TestDatabase } from "@flowforge/testkit"
import { Context, Effect, Layer } from "effect"
import { HttpApi, HttpApiBuilder } from "effect/http-api"
import { OrderService } from "../src/index.ts"
import { configured, layerOutside, layerUseCases, user } from "./orders.ts"

/** The public API without the groups that other services answer. */
const Api = HttpApi.make("flowforge").add(OrdersApi).annotateMerge(PublicApi.annotations)

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  readonly body: any
}

export const statuses = (answers: ReadonlyArray<Answer>) => answers.map(({ status }) => status)

export type Send = (method: string, path: string, init?: RequestInit) => Effect.Effect<Answer>

/**
 * The service's HTTP side as a process of its own has it: a listener, a pool of connections, a cache, until the scope
 * closes. Answers what sends it requests.
 */
export const startProcess = (variables: Readonly<Record<string, string>> = {}) =>
  Effect.gen(function* () {
    const { url } = yield* TestDatabase
    const listener = yield* listen({ port: 0, variable: "PORT" })
    const send = sender(`http://127.0.0.1:${listener.port}`)
    const routes = HttpApiBuilder.layer(Api).pipe(Layer.provide(OrderService.layerHttp))
    const pool = layerPostgres({ url, applicationName: "order", maxConnections: 10 })
    const serve = Layer.build(
      layerServe(listener, { known: routesOf(Api), routes }).pipe(
        Layer.provide([Cache.layerMemory(), Wakeups.layer]),
        Layer.provide(pool),
        Layer.provide(configured(variables))
      )
      // The routes are built within, by the memo map around: nothing is shared with what the test has built for itself.
    ).pipe(Effect.provideService(Layer.CurrentMemoMap, Layer.makeMemoMapUnsafe()))
    return { send, serve }
  })

/** A process that serves. */
export const startServing = (variables?: Readonly<Record<string, string>>) =>
  Effect.gen(function* () {
    const { send, serve } = yield* startProcess(variables)
    yield* serve
    return send
  })

/** One process that serves for all tests of a file. */
export class Http extends Context.Service<Http, Send>()("test/Http") {
  static readonly layer = Layer.effect(Http, startServing())
}

const sender =
  (url: string): Send =>
  (method, path, init) =>
    Effect.promise(async (signal) => {
      const response = await fetch(`${url}${path}`, { method, signal, ...init })
      const text = await response.text()
      const isJson = /json/u.test(response.headers.get("content-type") ?? "")
      return { status: response.status, headers: response.headers, text, body: isJson ? JSON.parse(text) : undefined }
    })

export const json = (body: unknown, headers: Readonly<Record<string, string>> = {}): RequestInit => ({
  body: typeof body === "string" ? body : JSON.stringify(body),
  headers: { "content-type": "application/json", ...headers }
})

/** A request for an order that nothing is wrong with. */
export const request = (changes: Readonly<Record<string, unknown>> = {}) => ({
  user_id: user(1),
  items: [{ item_id: 1, quantity: 2 }],
  payment_info: { method: "card", token: "tok_ok" },
  ...changes
})

/** Places an order over HTTP. */
export const placeOver = (
  send: Send,
  changes: Readonly<Record<string, unknown>> = {},
  headers: Readonly<Record<string, string>> = {}
) => send("POST", "/orders", json(request(changes), headers))

/** The API on a port, and the use cases behind it at hand. */
export const layerServed = Layer.mergeAll(Http.layer, layerUseCases).pipe(Layer.provideMerge(layerOutside))
