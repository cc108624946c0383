import { Effect, Random } from "effect"
import { MANAGER } from "./desired/index.ts"
import { Kinds, Kubernetes, type Manifest } from "./kubernetes/index.ts"
import { type Condition, GROUP, KIND, type OrderPipeline, type OrderPipelineStatus, VERSION } from "./resource/index.ts"

const readyOf = (conditions: ReadonlyArray<Condition> | undefined) => conditions?.find(({ type }) => type === "Ready")

/** Tells people by an Event when the reason changes for which a pipeline is ready or not. One that cannot be written is let go. */
export const tell = Effect.fnUntraced(function* (pipeline: OrderPipeline, status: OrderPipelineStatus, now: number) {
  const kubernetes = yield* Kubernetes
  const before = readyOf(pipeline.status?.conditions)
  const ready = readyOf(status.conditions)
  if (ready === undefined || ready.reason === before?.reason) return
  const { name, namespace, uid } = pipeline.metadata
  const time = new Date(now).toISOString()
  const suffix = (yield* Random.nextIntBetween(0, 2 ** 31)).toString(16)
  const type = status.stage === "Held" ? "Warning" : "Normal"
  yield* Effect.logInfo(`${ready.reason}: ${ready.message}`)
  const event: Manifest & Readonly<Record<string, unknown>> = {
    apiVersion: Kinds.event.apiVersion,
    kind: Kinds.event.kind,
    metadata: { name: `${name}.${suffix}`, namespace },
    involvedObject: { apiVersion: `${GROUP}/${VERSION}`, kind: KIND, name, namespace, uid },
    type,
    reason: ready.reason,
    message: `${ready.message || ready.reason} (image ${pipeline.spec.image})`.slice(0, 1024),
    source: { component: MANAGER },
    firstTimestamp: time,
    lastTimestamp: time,
    count: 1
  }
  yield* Effect.ignore(kubernetes.create(event))
})
