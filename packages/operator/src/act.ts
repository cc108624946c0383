import { Effect } from "effect"
import { Annotations, FINALIZER, MANAGER } from "./desired/index.ts"
import { isConflict, Kinds, Kubernetes, type KubernetesError } from "./kubernetes/index.ts"
import type { Action } from "./plan/index.ts"
import type { OrderPipeline } from "./resource/index.ts"
import { type OrderRefused, type ShopUnavailable, Storefront } from "./storefront.ts"

/** Owns the replicas, and nothing else: see `Scale`. */
const SCALE_MANAGER = `${MANAGER}-replicas`

/** Owns the finalizer of a pipeline. */
const FINALIZER_MANAGER = `${MANAGER}-finalizer`

/** Owns what is noted on a Job of its order. */
const SMOKE_MANAGER = `${MANAGER}-smoke-order`

/** Does one thing of a plan. */
export const act = (
  pipeline: OrderPipeline,
  action: Action
): Effect.Effect<void, KubernetesError | OrderRefused | ShopUnavailable, Kubernetes | Storefront> =>
  Effect.gen(function* () {
    const kubernetes = yield* Kubernetes
    const { namespace } = pipeline.metadata
    const note = (name: string, value: string) =>
      kubernetes.apply(
        {
          apiVersion: Kinds.job.apiVersion,
          kind: Kinds.job.kind,
          metadata: { name, namespace, annotations: { [Annotations.smokeOrder]: value } }
        },
        { manager: SMOKE_MANAGER }
      )
    switch (action._tag) {
      case "Apply":
        yield* kubernetes.apply(action.object, { manager: MANAGER })
        return
      case "Scale":
        yield* kubernetes.apply(
          {
            apiVersion: Kinds.deployment.apiVersion,
            kind: Kinds.deployment.kind,
            metadata: { name: action.name, namespace },
            spec: { replicas: action.replicas }
          },
          { manager: SCALE_MANAGER }
        )
        return
      case "Remove":
        // Another one took its name meanwhile: the next look sees it.
        yield* kubernetes
          .remove(action.kind, { namespace, name: action.name }, action.uid)
          .pipe(Effect.catchIf(isConflict, () => Effect.void))
        return
      case "Finalize":
        yield* kubernetes.apply(
          {
            apiVersion: Kinds.orderPipeline.apiVersion,
            kind: Kinds.orderPipeline.kind,
            metadata: {
              name: pipeline.metadata.name,
              namespace,
              // One that is gone is not made again.
              uid: pipeline.metadata.uid,
              ...(action.isKept ? { finalizers: [FINALIZER] } : {})
            }
          },
          { manager: FINALIZER_MANAGER }
        )
        return
      case "PlaceOrder": {
        const id = yield* Effect.flatMap(Storefront, (shop) => shop.place(pipeline, action.order, action.key))
        yield* note(action.job, `${id} PENDING`)
        return
      }
      case "Annotate":
        yield* note(action.job, action.value)
    }
  })
