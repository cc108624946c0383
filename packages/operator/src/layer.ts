import {
  healthRoutes,
  type HttpListener,
  layerHealthRoutes,
  layerMetricsRoutes,
  layerServe,
  metricsRoutes,
  type Version
} from "@flowforge/platform/http"
import { Effect, Layer } from "effect"
import type { OperatorConfig } from "./config.ts"
import { Kubernetes } from "./kubernetes/index.ts"
import { operate } from "./operate.ts"
import { definitionIsReady } from "./readiness.ts"
import { Reports } from "./reports.ts"
import { Storefront } from "./storefront.ts"

/** Health and metrics, with what is waited for. Ready is who leads and who stands by: what both wait for is the custom resource's definition. */
export const layerManagement = (listener: HttpListener, version: Version, { watchNamespace }: OperatorConfig) =>
  Layer.unwrap(
    Effect.gen(function* () {
      const context = yield* Effect.context<Kubernetes>()
      // Probes come every few seconds, and a definition is long.
      const isReady = yield* Effect.cachedWithTTL(
        Effect.provide(definitionIsReady(watchNamespace), context),
        "10 seconds"
      )
      return layerServe(listener, {
        known: [...healthRoutes, ...metricsRoutes],
        routes: Layer.mergeAll(
          layerMetricsRoutes,
          layerHealthRoutes({
            version,
            readiness: { "custom-resource-definition": isReady },
            explains: true
          })
        )
      })
    })
  )

/** The operator, until it is interrupted. */
export const runOperator = (config: OperatorConfig, listener: HttpListener, version: Version) =>
  Effect.scoped(
    Effect.andThen(Layer.build(layerManagement(listener, version, config)), operate(config)).pipe(
      Effect.provide(Layer.mergeAll(Kubernetes.layer, Reports.layer, Storefront.layer))
    )
  )
