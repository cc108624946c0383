import { Effect, Result } from "effect"
import { act } from "./act.ts"
import { hashOf, MANAGER } from "./desired/index.ts"
import { tell } from "./events.ts"
import { Kinds, Kubernetes } from "./kubernetes/index.ts"
import { type Key, look, readPipeline } from "./look.ts"
import { lookedAt, stands, wrote } from "./metrics.ts"
import { describe, Finalize, type Hold, left, plan, statusOf } from "./plan/index.ts"
import { isReady, type OrderPipeline, type OrderPipelineStatus } from "./resource/index.ts"

/** What a look came to: the pipeline is gone, or is to be looked at again when something changes or the time has come. */
export type Outcome = "gone" | "moving" | "resting"

/** Looks, decides, acts, and says where it stands. Can be cut short anywhere and done again. */
export const reconcile = (key: Key) =>
  Effect.gen(function* () {
    const pipeline = yield* readPipeline(key)
    if (pipeline === undefined) return "gone" satisfies Outcome
    const { desired, observed } = yield* look(pipeline)
    const next = plan(desired, observed)
    const refused = yield* actAll(pipeline, next.actions)
    // Whatever is refused of a removal, it does not hold the pipeline: its namespace may be going as well.
    const isGivenUp = next.stage === "Removing" && refused !== undefined
    const refusal = isGivenUp ? left(refused.message) : refused
    const status = statusOf(desired, observed, next, refusal)
    yield* writeStatus(pipeline, status)
    yield* tell(pipeline, status, observed.now)
    if (next.isOver || isGivenUp) yield* act(pipeline, Finalize(false))
    yield* stands(`${key.namespace}/${key.name}`, status)
    return (isReady(status) ? "resting" : "moving") satisfies Outcome
  }).pipe(
    Effect.tap(lookedAt),
    Effect.tapCause(() => lookedAt("failed")),
    Effect.annotateLogs({ pipeline: `${key.namespace}/${key.name}` })
  )

/** In order; what the API server refuses for good holds the rollout, and is for people to change. */
const actAll = Effect.fnUntraced(function* (pipeline: OrderPipeline, actions: ReturnType<typeof plan>["actions"]) {
  for (const action of actions) {
    yield* Effect.logDebug(describe(action))
    const result = yield* Effect.result(act(pipeline, action))
    if (Result.isSuccess(result)) {
      yield* wrote(action._tag === "Apply" ? action.object.kind : action._tag)
      continue
    }
    const { _tag, message } = result.failure
    switch (_tag) {
      case "Unavailable":
        return yield* Effect.fail(result.failure)
      case "ShopUnavailable":
        yield* Effect.logInfo(`the shop does not answer: ${message}`)
        break
      case "OrderRefused":
        return {
          reason: "SmokeOrderRefused",
          message: `The shop does not take the smoke order: ${message}`
        } satisfies Hold
      case "Refused":
        return {
          reason: "ApplyRefused",
          message: `The API server refuses to ${describe(action)}: ${message}`
        } satisfies Hold
    }
  }
  return undefined
})

const writeStatus = Effect.fnUntraced(function* (pipeline: OrderPipeline, status: OrderPipelineStatus) {
  if (hashOf(status) === hashOf(pipeline.status)) return
  const kubernetes = yield* Kubernetes
  const { name, namespace } = pipeline.metadata
  yield* kubernetes.apply(
    {
      apiVersion: Kinds.orderPipeline.apiVersion,
      kind: Kinds.orderPipeline.kind,
      metadata: { name, namespace },
      status
    },
    { manager: MANAGER, subresource: "status" }
  )
})
