import { Cause, Duration, Effect, FiberMap, Latch, Stream } from "effect"
import { OURS, PIPELINE_LABEL } from "./desired/index.ts"
import { type Kind, Kinds, Kubernetes, type Manifest } from "./kubernetes/index.ts"
import type { Key } from "./look.ts"
import { type Outcome, reconcile } from "./reconcile.ts"
import type { Reports } from "./reports.ts"
import type { Storefront } from "./storefront.ts"

/** The least time between two looks at a pipeline: each writes an object at most twice, whatever others do to it. */
const PAUSE = Duration.seconds(1)
/** How often a pipeline is looked at when nothing happens: Secrets are not watched. */
const RESYNC: Readonly<Record<Exclude<Outcome, "gone">, Duration.Duration>> = {
  moving: Duration.seconds(5),
  resting: Duration.seconds(20)
}
const BACKOFF = { first: 1_000, longest: 30_000 } as const

const WATCHED: ReadonlyArray<Kind> = [
  Kinds.deployment,
  Kinds.job,
  Kinds.pod,
  Kinds.service,
  Kinds.podDisruptionBudget,
  Kinds.horizontalPodAutoscaler
]

const keyOf = ({ kind, metadata: { labels = {}, name, namespace = "" } }: Manifest): Key => ({
  namespace,
  name: kind === Kinds.orderPipeline.kind ? name : (labels[PIPELINE_LABEL] ?? "")
})

/** Looks after all pipelines, of one namespace or of all, until interrupted. */
export const control = (namespace: string | undefined) =>
  Effect.scoped(
    Effect.gen(function* () {
      const workers = yield* FiberMap.make<string>()
      const context = yield* Effect.context<Kubernetes | Reports | Storefront>()
      const bells = new Map<string, Latch.Latch>()
      const ring = (key: Key) =>
        Effect.suspend(() => {
          const id = `${key.namespace}/${key.name}`
          const bell = bells.get(id)
          if (bell !== undefined) return bell.open
          const made = Latch.makeUnsafe(false)
          bells.set(id, made)
          return Effect.asVoid(
            FiberMap.run(
              workers,
              id,
              Effect.provide(
                work(key, made, () => bells.delete(id)),
                context
              )
            )
          )
        })
      yield* Effect.forEach(
        [Kinds.orderPipeline, ...WATCHED],
        (kind) =>
          follow(kind, { namespace, labels: kind === Kinds.orderPipeline ? "" : OURS }, (object) =>
            ring(keyOf(object))
          ),
        { concurrency: "unbounded", discard: true }
      )
      return yield* Effect.never
    })
  )

/** One pipeline, by one fiber: looks again when the bell rings, and now and then; after a failure ever less often. */
const work = (key: Key, bell: Latch.Latch, end: () => void) =>
  Effect.gen(function* () {
    let failures = 0
    for (;;) {
      yield* bell.close
      const wait = yield* reconcile(key).pipe(
        Effect.map((outcome) => {
          failures = 0
          return outcome === "gone" ? undefined : RESYNC[outcome]
        }),
        Effect.catchCause((cause) => {
          if (Cause.hasInterruptsOnly(cause)) return Effect.failCause(cause)
          const backoff = Math.min(BACKOFF.first * 2 ** failures++, BACKOFF.longest)
          return Effect.as(Effect.logWarning(`looking again in ${backoff / 1000} s`, cause), Duration.millis(backoff))
        })
      )
      if (wait === undefined) return end()
      yield* Effect.sleep(failures > 0 ? wait : PAUSE)
      if (failures === 0) yield* Effect.timeoutOption(bell.await, wait)
    }
  })

/** Calls for every object there is and for every change, for ever: a watch ends by itself, and then all is listed again. */
const follow = (
  kind: Kind,
  selection: { readonly namespace: string | undefined; readonly labels: string },
  call: (object: Manifest) => Effect.Effect<void>
) =>
  Effect.gen(function* () {
    const kubernetes = yield* Kubernetes
    let failures = 0
    const once = Effect.gen(function* () {
      const { items, resourceVersion } = yield* kubernetes.list(kind, selection)
      yield* Effect.forEach(items, call, { discard: true })
      failures = 0
      yield* kubernetes.watch(kind, { ...selection, from: resourceVersion }).pipe(
        Stream.takeWhile(({ type }) => type !== "ERROR"),
        Stream.filter(({ type }) => type !== "BOOKMARK"),
        Stream.runForEach(({ object }) => call(object))
      )
    })
    for (;;) {
      yield* Effect.catch(once, (error) => {
        failures++
        return Effect.logDebug(`following ${kind.plural}: ${error.message}`)
      })
      yield* Effect.sleep(Math.min(BACKOFF.first * 2 ** failures, BACKOFF.longest))
    }
  })
