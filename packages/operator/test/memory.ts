import { Clock, Effect, Layer, Stream } from "effect"
import {
  type Kind,
  Kubernetes,
  type KubernetesError,
  type Manifest,
  Refused,
  Unavailable
} from "../src/kubernetes/index.ts"
import { merge } from "../src/desired/merge.ts"

const missing = (name: string) => new Refused({ status: 404, reason: "NotFound", message: `${name} is not there` })
const forbidden = (name: string) =>
  new Refused({
    status: 403,
    reason: "Forbidden",
    message: `${name} is not to be made: its namespace is being terminated`
  })
const conflict = (name: string) => new Refused({ status: 409, reason: "Conflict", message: `${name} was changed` })

/** The objects of a cluster, shared by all that reach it. Times of writes are those of the test's clock. */
export class Memory {
  readonly objects = new Map<string, Manifest>()
  /** What was applied, in order. */
  readonly applied: Array<{ readonly at: number; readonly object: string }> = []
  /** What the API server does not take, as in a namespace that goes. */
  isForbidden: (object: Manifest) => boolean = () => false
  /** What watching a kind brings; nothing by default. */
  watch: Kubernetes["Service"]["watch"] = () => Stream.never
  private version = 0

  private key(
    kind: Pick<Kind, "kind">,
    { name, namespace = "" }: { name: string; namespace?: string | undefined }
  ): string {
    return `${kind.kind} ${namespace}/${name}`
  }

  put(object: Manifest): Manifest {
    const { metadata } = object
    const stored = {
      ...object,
      metadata: { uid: metadata.name, generation: 1, ...metadata, resourceVersion: String(++this.version) }
    }
    this.objects.set(this.key(object, metadata), stored)
    return stored
  }

  /** Whether it is deleted, and this apply takes its last finalizer away. */
  private loses({ kind, metadata }: Manifest): boolean {
    const found = this.objects.get(this.key({ kind }, metadata))
    const isLast = metadata.uid !== undefined && metadata.finalizers === undefined
    return found?.metadata.deletionTimestamp !== undefined && found.metadata.finalizers !== undefined && isLast
  }

  private take(object: Manifest): Manifest {
    this.objects.delete(this.key(object, object.metadata))
    return object
  }

  /** One way to it. While `isReachable` says no, every request fails as if nobody answered. */
  layer(isReachable: () => boolean = () => true): Layer.Layer<Kubernetes> {
    const guarded = <A>(work: () => A | Refused) =>
      Effect.suspend((): Effect.Effect<A, KubernetesError> => {
        if (!isReachable()) return Effect.fail(new Unavailable({ message: "nobody answers" }))
        const result = work()
        return result instanceof Refused ? Effect.fail(result) : Effect.succeed(result)
      })
    return Layer.succeed(
      Kubernetes,
      Kubernetes.of({
        get: (kind, place) => guarded(() => this.objects.get(this.key(kind, place))),
        list: (kind, { namespace }) =>
          guarded(() => ({
            items: [...this.objects.values()].filter(
              (one) => one.kind === kind.kind && (namespace === undefined || one.metadata.namespace === namespace)
            ),
            resourceVersion: String(this.version)
          })),
        apply: (object) =>
          Effect.flatMap(Clock.currentTimeMillis, (at) =>
            guarded(() => {
              if (this.isForbidden(object)) return forbidden(object.metadata.name)
              this.applied.push({ at, object: `${object.kind} ${object.metadata.name}` })
              if (this.loses(object)) return this.take(object)
              return this.put(merge(this.objects.get(this.key(object, object.metadata)) ?? {}, object) as Manifest)
            })
          ),
        create: (object) =>
          guarded(() =>
            this.objects.has(this.key(object, object.metadata)) ? conflict(object.metadata.name) : this.put(object)
          ),
        replace: (object) =>
          guarded(() => {
            const found = this.objects.get(this.key(object, object.metadata))
            if (found === undefined) return missing(object.metadata.name)
            return found.metadata.resourceVersion === object.metadata.resourceVersion
              ? this.put(object)
              : conflict(object.metadata.name)
          }),
        remove: (kind, place) => guarded(() => void this.objects.delete(this.key(kind, place))),
        watch: (kind, selection) => this.watch(kind, selection),
        lastWords: () => guarded(() => "")
      })
    )
  }
}
