import { Config, Effect, Option } from "effect"
import { fetch, type Response } from "undici"
import { type Credentials, ofKubeconfig, ofPod } from "./credentials.ts"
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

const inCluster = Config.all({
  host: Config.NonEmptyString("KUBERNETES_SERVICE_HOST"),
  port: Config.NonEmptyString("KUBERNETES_SERVICE_PORT")
}).pipe(Config.option)

/** In a pod as its ServiceAccount, elsewhere by the kubeconfig. */
export const credentials: Effect.Effect<Credentials> = Effect.gen(function* () {
  const pod = yield* Effect.orDie(inCluster)
  if (Option.isNone(pod)) return yield* Effect.promise(() => ofKubeconfig())
  const { host, port } = pod.value
  return yield* Effect.promise(() => ofPod(`https://${host.includes(":") ? `[${host}]` : host}:${port}`))
})

/** Every request with who we are; interrupting it ends it. Answers other than a success are errors. */
export const connect =
  ({ identify, server }: Credentials): Send =>
  ({ body, contentType = "application/json", method, path, query = {} }) =>
    Effect.gen(function* () {
      const url = new URL(server + path)
      for (const [name, value] of Object.entries(query)) if (value !== undefined) url.searchParams.set(name, value)
      const response = yield* Effect.tryPromise({
        try: async (signal) => {
          const { dispatcher, headers } = await identify()
          return fetch(url, {
            method,
            signal,
            headers: { ...headers, accept: "application/json", "content-type": contentType },
            ...(dispatcher === undefined ? {} : { dispatcher }),
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
