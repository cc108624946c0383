import { Context, Effect, Layer, Stream } from "effect"
import type { Response } from "undici"
import { connect, credentials, type Send } from "./connection.ts"
import { type KubernetesError, Unavailable } from "./errors.ts"
import { type Kind, kindOf } from "./kinds.ts"
import type { Manifest } from "./manifest.ts"

/** Which objects of a kind. Without a namespace: those of all. */
export interface Selection {
  readonly namespace?: string | undefined
  readonly labels?: string
}

export interface Listed {
  readonly items: ReadonlyArray<Manifest>
  /** Where to watch from. */
  readonly resourceVersion: string
}

export interface WatchEvent {
  readonly type: "ADDED" | "MODIFIED" | "DELETED" | "BOOKMARK" | "ERROR"
  readonly object: Manifest
}

export interface Place {
  readonly namespace?: string | undefined
  readonly name: string
}

/** The API server. */
export class Kubernetes extends Context.Service<
  Kubernetes,
  {
    readonly get: (kind: Kind, place: Place) => Effect.Effect<Manifest | undefined, KubernetesError>
    readonly list: (kind: Kind, selection: Selection) => Effect.Effect<Listed, KubernetesError>
    /** Server-side apply: afterwards we own what stands in the object, whoever owned it before, and nothing else. */
    readonly apply: (
      object: Manifest,
      options: { readonly manager: string; readonly subresource?: "status" }
    ) => Effect.Effect<Manifest, KubernetesError>
    readonly create: (object: Manifest) => Effect.Effect<Manifest, KubernetesError>
    /** Refused as a conflict where somebody changed it since `metadata.resourceVersion`. */
    readonly replace: (object: Manifest) => Effect.Effect<Manifest, KubernetesError>
    /** Its dependents go after it. What is gone is fine. */
    readonly remove: (kind: Kind, place: Place, uid?: string) => Effect.Effect<void, KubernetesError>
    /** Every change from a version on, until the API server ends it or nothing is heard for some time. */
    readonly watch: (
      kind: Kind,
      selection: Selection & { readonly from: string }
    ) => Stream.Stream<WatchEvent, KubernetesError>
    /** The last lines that a pod wrote. */
    readonly lastWords: (place: Place, lines: number) => Effect.Effect<string, KubernetesError>
  }
>()("@flowforge/operator/Kubernetes") {
  /** As the pod's ServiceAccount, or by the kubeconfig. */
  static readonly layer: Layer.Layer<Kubernetes> = Layer.effect(
    Kubernetes,
    Effect.map(credentials, (found) => make(connect(found)))
  )
}

const REQUEST_BUDGET = "10 seconds"
const WATCH_SECONDS = 240
/** Longer than the time after which the API server ends a watch by itself. */
const SILENCE = "5 minutes"

const pathOf = ({ apiVersion, plural }: Kind, namespace?: string, name?: string): string =>
  [
    apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`,
    ...(namespace === undefined ? [] : [`namespaces/${encodeURIComponent(namespace)}`]),
    plural,
    ...(name === undefined ? [] : [encodeURIComponent(name)])
  ].join("/")

const unreadable = (error: unknown) => new Unavailable({ message: `the answer broke off: ${String(error)}` })

const late = Effect.timeoutOrElse({
  duration: REQUEST_BUDGET,
  orElse: () => Effect.fail(new Unavailable({ message: `no answer within ${REQUEST_BUDGET}` }))
})

export const make = (send: Send): Kubernetes["Service"] => {
  const ask = (call: Parameters<Send>[0]) =>
    send(call).pipe(
      Effect.flatMap((response) => Effect.tryPromise({ try: () => response.text(), catch: unreadable })),
      late
    )
  const json = <A>(call: Parameters<Send>[0]) => Effect.map(ask(call), (text) => JSON.parse(text) as A)
  const address = (object: Manifest) => pathOf(kindOf(object), object.metadata.namespace, object.metadata.name)
  return {
    get: (kind, { name, namespace }) =>
      json<Manifest>({ method: "GET", path: pathOf(kind, namespace, name) }).pipe(
        Effect.catchIf(isNotFound, () => Effect.undefined)
      ),
    list: (kind, { labels, namespace }) =>
      json<{ readonly items: ReadonlyArray<Manifest>; readonly metadata: { readonly resourceVersion: string } }>({
        method: "GET",
        path: pathOf(kind, namespace),
        query: { labelSelector: labels }
      }).pipe(
        Effect.map(({ items, metadata }) => ({
          // Members of a list do not say what they are.
          items: items.map((item) => ({ ...item, apiVersion: kind.apiVersion, kind: kind.kind })),
          resourceVersion: metadata.resourceVersion
        }))
      ),
    apply: (object, { manager, subresource }) =>
      json<Manifest>({
        method: "PATCH",
        path: subresource === undefined ? address(object) : `${address(object)}/${subresource}`,
        query: { fieldManager: manager, force: "true" },
        contentType: "application/apply-patch+yaml",
        body: object
      }),
    create: (object) =>
      json<Manifest>({ method: "POST", path: pathOf(kindOf(object), object.metadata.namespace), body: object }),
    replace: (object) => json<Manifest>({ method: "PUT", path: address(object), body: object }),
    remove: (kind, { name, namespace }, uid) =>
      ask({
        method: "DELETE",
        path: pathOf(kind, namespace, name),
        body: { propagationPolicy: "Background", ...(uid === undefined ? {} : { preconditions: { uid } }) }
      }).pipe(
        Effect.catchIf(isNotFound, () => Effect.void),
        Effect.asVoid
      ),
    watch: (kind, { from, labels, namespace }) =>
      Stream.unwrap(
        send({
          method: "GET",
          path: pathOf(kind, namespace),
          query: {
            watch: "true",
            allowWatchBookmarks: "true",
            timeoutSeconds: String(WATCH_SECONDS),
            labelSelector: labels,
            resourceVersion: from
          }
        }).pipe(late, Effect.map(eventsOf))
      ),
    lastWords: ({ name, namespace }, lines) =>
      ask({
        method: "GET",
        path: `${pathOf({ apiVersion: "v1", kind: "Pod", plural: "pods" }, namespace, name)}/log`,
        query: { tailLines: String(lines) }
      })
  }
}

export const isNotFound = (error: KubernetesError): boolean => error._tag === "Refused" && error.status === 404
export const isConflict = (error: KubernetesError): boolean => error._tag === "Refused" && error.status === 409

const eventsOf = (response: Response): Stream.Stream<WatchEvent, KubernetesError> =>
  response.body === null
    ? Stream.empty
    : Stream.fromReadableStream({
        evaluate: () => response.body as unknown as ReadableStream<Uint8Array>,
        onError: unreadable
      }).pipe(
        Stream.decodeText(),
        Stream.splitLines,
        Stream.filter((line) => line !== ""),
        Stream.map((line) => JSON.parse(line) as WatchEvent),
        Stream.timeout(SILENCE)
      )
