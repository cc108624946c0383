import { Clock, Effect, Schema } from "effect"
import {
  Annotations,
  COMPONENT_LABEL,
  type Desired,
  desiredOf,
  isJob,
  keyOf,
  OURS,
  PIPELINE_LABEL,
  type Referenced,
  referencesOf
} from "./desired/index.ts"
import { isNotFound, type Kind, Kinds, Kubernetes, kindOf, type Manifest } from "./kubernetes/index.ts"
import { isReady, type Observed } from "./observed/index.ts"
import { recordOf } from "./plan/index.ts"
import { Reports } from "./reports.ts"
import { OrderPipeline } from "./resource/index.ts"
import { Storefront } from "./storefront.ts"

/** Where a pipeline is. */
export interface Key {
  readonly namespace: string
  readonly name: string
}

const OWN_KINDS: ReadonlyArray<Kind> = [
  Kinds.deployment,
  Kinds.replicaSet,
  Kinds.job,
  Kinds.pod,
  Kinds.service,
  Kinds.podDisruptionBudget,
  Kinds.horizontalPodAutoscaler,
  Kinds.scaledObject
]

const decode = Schema.decodeUnknownEffect(OrderPipeline)

/** The pipeline as it is now, or undefined where it is gone. One that does not decode was let in by another definition. */
export const readPipeline = Effect.fnUntraced(function* (key: Key) {
  const kubernetes = yield* Kubernetes
  const found = yield* kubernetes.get(Kinds.orderPipeline, key)
  return found === undefined ? undefined : yield* decode(found)
})

/** All that a plan is made of. */
export const look = Effect.fnUntraced(function* (pipeline: OrderPipeline) {
  const referenced = yield* readReferenced(pipeline)
  const desired = desiredOf(pipeline, referenced)
  const { objects, unknownKinds } = yield* readObjects(pipeline.metadata)
  const pods = objects.filter(({ kind }) => kind === "Pod")
  const [reports, lastWords, taken, order, now] = yield* Effect.all(
    [
      Effect.flatMap(Reports, (reports) => reports.of(pods)),
      readLastWords(pods),
      readTaken(desired, objects),
      readSmokeOrder(desired, objects),
      Clock.currentTimeMillis
    ],
    { concurrency: "unbounded" }
  )
  return { desired, observed: { now, objects, unknownKinds, reports, lastWords, taken, ...order } satisfies Observed }
})

const readReferenced = Effect.fnUntraced(function* (pipeline: OrderPipeline) {
  const kubernetes = yield* Kubernetes
  const { namespace } = pipeline.metadata
  const wanted = new Map(referencesOf(pipeline).map((one) => [keyOf(one), one]))
  const found = yield* Effect.forEach(
    wanted,
    ([key, { kind, name }]) =>
      kubernetes
        .get(kind === "Secret" ? Kinds.secret : Kinds.configMap, { namespace, name })
        .pipe(Effect.map((object) => [key, object === undefined ? undefined : (object.data ?? {})] as const)),
    { concurrency: 4 }
  )
  return new Map(found) satisfies Referenced
})

const readObjects = Effect.fnUntraced(function* ({ name, namespace }: Key) {
  const kubernetes = yield* Kubernetes
  const unknownKinds: Array<string> = []
  const lists = yield* Effect.forEach(
    OWN_KINDS,
    (kind) =>
      kubernetes.list(kind, { namespace, labels: `${OURS},${PIPELINE_LABEL}=${name}` }).pipe(
        Effect.map(({ items }) => items),
        Effect.catchIf(isNotFound, () => {
          unknownKinds.push(kind.kind)
          return Effect.succeed<ReadonlyArray<Manifest>>([])
        })
      ),
    { concurrency: 4 }
  )
  return { objects: lists.flat(), unknownKinds }
})

const LINES = 5

const componentOf = ({ metadata }: Manifest) => metadata.labels?.[COMPONENT_LABEL]

/** Of pods that run and are not ready, or are of a Job: for what they wait. What ended tells it in its status. */
const readLastWords = Effect.fnUntraced(function* (pods: ReadonlyArray<Manifest>) {
  const kubernetes = yield* Kubernetes
  const waiting = pods.filter((pod) => pod.status?.phase === "Running" && (isJob(componentOf(pod)) || !isReady(pod)))
  const first = [...new Map(waiting.map((pod) => [componentOf(pod), pod])).values()]
  const words = yield* Effect.forEach(
    first,
    ({ metadata: { name, namespace } }) =>
      kubernetes.lastWords({ name, namespace }, LINES).pipe(
        Effect.map((text) => [name, text] as const),
        Effect.orElseSucceed(() => [name, ""] as const)
      ),
    { concurrency: 4 }
  )
  return Object.fromEntries(words)
})

/** What we would make, and exists without being ours. Asked only for what is not there, which is seldom. */
const readTaken = Effect.fnUntraced(function* (desired: Desired, objects: ReadonlyArray<Manifest>) {
  const kubernetes = yield* Kubernetes
  const isThere = (wanted: Manifest) =>
    objects.some(({ kind, metadata }) => kind === wanted.kind && metadata.name === wanted.metadata.name)
  const absent = [...Object.values(desired.deployments), ...desired.standing].filter((wanted) => !isThere(wanted))
  const found = yield* Effect.forEach(
    absent,
    (wanted) =>
      kubernetes
        .get(kindOf(wanted), wanted.metadata)
        .pipe(
          Effect.map((object) =>
            object === undefined || object.metadata.annotations?.[Annotations.applied] !== undefined
              ? []
              : [`${wanted.kind} ${wanted.metadata.name}`]
          )
        ),
    { concurrency: 4 }
  )
  return found.flat()
})

/** Asked until it is confirmed or lost; then the Job remembers it. */
const readSmokeOrder = Effect.fnUntraced(function* ({ pipeline, prepare }: Desired, objects: ReadonlyArray<Manifest>) {
  const shop = yield* Storefront
  const record = recordOf(
    objects.find(({ kind, metadata }) => kind === "Job" && metadata.name === prepare.metadata.name)
  )
  if (record?.status !== "PENDING") return { smokeOrder: undefined }
  return yield* shop.statusOf(pipeline, record.id).pipe(
    Effect.map((smokeOrder) => ({ smokeOrder })),
    Effect.catch(() => Effect.succeed({ smokeOrder: undefined }))
  )
})
