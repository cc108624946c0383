import { Effect } from "effect"
import { MANAGER } from "./desired/index.ts"
import { isConflict, Kinds, Kubernetes, type KubernetesError } from "./kubernetes/index.ts"
import type { Action } from "./plan/index.ts"

/** Owns the replicas, and nothing else: see `Scale`. */
const SCALE_MANAGER = `${MANAGER}-replicas`

/** Does one thing of a plan. */
export const act = (namespace: string, action: Action): Effect.Effect<void, KubernetesError, Kubernetes> =>
  Effect.flatMap(Kubernetes, (kubernetes) => {
    switch (action._tag) {
      case "Apply":
        return Effect.asVoid(kubernetes.apply(action.object, { manager: MANAGER }))
      case "Scale":
        return Effect.asVoid(
          kubernetes.apply(
            {
              apiVersion: Kinds.deployment.apiVersion,
              kind: Kinds.deployment.kind,
              metadata: { name: action.name, namespace },
              spec: { replicas: action.replicas }
            },
            { manager: SCALE_MANAGER }
          )
        )
      case "Remove":
        // Another one took its name meanwhile: the next look sees it.
        return Effect.catchIf(
          kubernetes.remove(action.kind, { namespace, name: action.name }, action.uid),
          isConflict,
          () => Effect.void
        )
    }
  })
