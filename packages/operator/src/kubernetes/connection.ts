import { HttpMethod, KubeConfig, RequestContext } from "@kubernetes/client-node"
import { Effect } from "effect"
import { fetch, type Response } from "undici"
import { errorOf, type KubernetesError, Unavailable } from "./errors.ts"

/** A request to the API server, below its address. */
export interface Call {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE"
  readonly path: string
  readonly query?: Readonly<Record<string, string | undefined>>
  readonly body?: unknown
  readonly contentType?: string
}

export type Send = (call: Call) => Effect.Effect<Response, KubernetesError>

/** From KUBECONFIG or ~/.kube/config where there is one, else as a pod. Tokens are read again as they change. */
export const loadConfig = Effect.sync(() => {
  const config = new KubeConfig()
  config.loadFromDefault()
  return config
})

/** Every request with who we are; interrupting it ends it. Answers other than a success are errors. */
export const connect =
  (config: KubeConfig): Send =>
  ({ body, contentType = "application/json", method, path, query = {} }) =>
    Effect.gen(function* () {
      const url = new URL((config.getCurrentCluster()?.server ?? "") + path)
      for (const [name, value] of Object.entries(query)) if (value !== undefined) url.searchParams.set(name, value)
      const response = yield* Effect.tryPromise({
        try: async (signal) => {
          const context = new RequestContext(url.href, HttpMethod.GET)
          await config.applySecurityAuthentication(context)
          return fetch(url, {
            method,
            signal,
            headers: { ...context.getHeaders(), accept: "application/json", "content-type": contentType },
            dispatcher: context.getDispatcher() as never,
            ...(body === undefined ? {} : { body: JSON.stringify(body) })
          })
        },
        catch: unreachable
      })
      if (response.ok) return response
      const text = yield* Effect.tryPromise({ try: () => response.text(), catch: unreachable })
      return yield* Effect.fail(errorOf(response.status, text))
    })

const unreachable = (error: unknown): Unavailable => {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  return new Unavailable({ message: cause instanceof Error ? cause.message || cause.name : String(cause) })
}
