import { Effect, Layer } from "effect"
import { Kubernetes, type Manifest } from "../../src/kubernetes/index.ts"
import { control } from "../../src/controller.ts"
import { Reports } from "../../src/reports.ts"
import { Storefront } from "../../src/storefront.ts"
import { well } from "../plan/cluster.ts"
import { layerCluster } from "./harness.ts"

/** Shells have no management port: somebody else says that all is well. */
const layerWell = Layer.succeed(Reports, Reports.of({ of: () => Effect.succeed(well) }))

/** A write of the operator, as the API server got it. */
export interface Write {
  readonly at: number
  readonly what: string
}

/** The operator's own work, in this process, without a Lease; `onWrite` sees each write before it is made. */
export const operatorIn = (
  namespace: string,
  onWrite: (object: Pick<Manifest, "kind" | "metadata">) => Effect.Effect<void> = () => Effect.void,
  layer: Layer.Layer<Kubernetes> = layerCluster
) => {
  const layerWatched = Layer.effect(
    Kubernetes,
    Effect.map(
      Kubernetes,
      (kubernetes) =>
        ({
          ...kubernetes,
          apply: (object, options) => Effect.andThen(onWrite(object), kubernetes.apply(object, options)),
          remove: (kind, place, uid) =>
            Effect.andThen(
              onWrite({ kind: kind.kind, metadata: { name: place.name } }),
              kubernetes.remove(kind, place, uid)
            )
        }) satisfies Kubernetes["Service"]
    )
  ).pipe(Layer.provide(layer))
  return control(namespace).pipe(Effect.provide(Layer.mergeAll(layerWatched, layerWell, Storefront.layer)))
}
