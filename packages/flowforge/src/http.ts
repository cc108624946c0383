import { ManagementApi, PublicApi } from "@flowforge/contracts"
import { InventoryService } from "@flowforge/inventory"
import { NotificationService } from "@flowforge/notification"
import { OrderService } from "@flowforge/order"
import { layerMailRoutes, layerObjectRoutes, mailRoutes, objectRoutes } from "@flowforge/platform"
import {
  documentationRoutes,
  healthRoutes,
  type HttpListener,
  layerDocumentation,
  layerHealthRoutes,
  layerMetricsRoutes,
  layerServe,
  metricsRoutes,
  type ReadinessChecks,
  routesOf
} from "@flowforge/platform/http"
import { Effect, Layer, type Redacted } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { SqlClient } from "effect/sql"
import type { Progress } from "./progress.ts"
import { layerStatusRoutes, statusRoutes } from "./status.ts"

const openapi = { method: "GET", path: "/openapi.json" }

/** Of use is a process whose database answers: orders are taken, and read, while everything else is away. */
const layerHealth = (process: string, liveness: ReadinessChecks = {}) =>
  Layer.unwrap(
    Effect.map(SqlClient.SqlClient, (sql) =>
      layerHealthRoutes({
        version: { name: `flowforge ${process}`, version: "0.1.0" },
        readiness: { postgres: sql`SELECT 1` },
        liveness
      })
    )
  )

/** The public APIs of all services, on one port. `signingKey` where receipts are files that this process serves. */
export const layerPublic = (listener: HttpListener, options: { readonly signingKey: Redacted.Redacted | undefined }) =>
  layerServe(listener, {
    known: [
      ...routesOf(PublicApi),
      ...healthRoutes,
      ...documentationRoutes,
      openapi,
      ...(options.signingKey === undefined ? [] : objectRoutes)
    ],
    routes: Layer.mergeAll(
      HttpApiBuilder.layer(PublicApi, { openapiPath: "/openapi.json" }).pipe(
        Layer.provide([OrderService.layerHttp, InventoryService.layerHttp, NotificationService.layerHttp])
      ),
      layerDocumentation(PublicApi),
      options.signingKey === undefined ? Layer.empty : layerObjectRoutes({ secret: options.signingKey }),
      layerHealth("api")
    )
  })

/** What operators do with the services, on the management port of `api`. With the mails, where they are files. */
export const layerManagement = (listener: HttpListener, options: { readonly mailFolder: string | undefined }) =>
  layerServe(listener, {
    known: [
      ...routesOf(ManagementApi),
      ...healthRoutes,
      ...metricsRoutes,
      ...statusRoutes,
      ...(options.mailFolder === undefined ? [] : mailRoutes)
    ],
    routes: Layer.mergeAll(
      HttpApiBuilder.layer(ManagementApi).pipe(Layer.provide(InventoryService.layerManagementHttp)),
      options.mailFolder === undefined ? Layer.empty : layerMailRoutes({ folder: options.mailFolder }),
      layerMetricsRoutes,
      layerHealth("api"),
      layerStatusRoutes("api", Effect.succeed([]))
    )
  })

/** Health and metrics of a worker, and how its groups stand. */
export const layerWorkerManagement = (
  listener: HttpListener,
  options: { readonly process: string; readonly progress: Progress["Service"] }
) =>
  layerServe(listener, {
    known: [...healthRoutes, ...metricsRoutes, ...statusRoutes],
    routes: Layer.mergeAll(
      layerMetricsRoutes,
      layerHealth(options.process, { progress: options.progress.check }),
      layerStatusRoutes(options.process, options.progress.groups)
    )
  })
