import { ManagementApi, PublicApi } from "@flowforge/contracts"
import { InventoryService } from "@flowforge/inventory"
import { NotificationService } from "@flowforge/notification"
import { OrderService } from "@flowforge/order"
import {
  type HttpListener,
  documentationRoutes,
  healthRoutes,
  layerDocumentation,
  layerHealthRoutes,
  layerMetricsRoutes,
  layerServe,
  metricsRoutes,
  routesOf
} from "@flowforge/platform/http"
import { Effect, Layer, type Redacted } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { SqlClient } from "effect/sql"
import { layerMailRoutes, layerObjectRoutes, mailRoutes, objectRoutes } from "@flowforge/platform"

const version = { name: "flowforge", version: "0.1.0" }

/** Of use is a process whose database answers. */
const layerHealth = Layer.unwrap(
  Effect.map(SqlClient.SqlClient, (sql) => layerHealthRoutes({ version, readiness: { postgres: sql`SELECT 1` } }))
)

const openapi = { method: "GET", path: "/openapi.json" }

/** Everything on the public port. */
export const layerPublic = (listener: HttpListener, options: { readonly signingKey: Redacted.Redacted }) =>
  layerServe(listener, {
    known: [...routesOf(PublicApi), ...healthRoutes, ...objectRoutes, ...documentationRoutes, openapi],
    routes: Layer.mergeAll(
      HttpApiBuilder.layer(PublicApi, { openapiPath: "/openapi.json" }).pipe(
        Layer.provide([OrderService.layerHttp, InventoryService.layerHttp, NotificationService.layerHttp])
      ),
      layerDocumentation(PublicApi),
      layerObjectRoutes({ secret: options.signingKey }),
      layerHealth
    )
  })

/** Everything on the management port. */
export const layerManagement = (listener: HttpListener, options: { readonly mailFolder: string }) =>
  layerServe(listener, {
    known: [...routesOf(ManagementApi), ...healthRoutes, ...metricsRoutes, ...mailRoutes],
    routes: Layer.mergeAll(
      HttpApiBuilder.layer(ManagementApi).pipe(Layer.provide(InventoryService.layerManagementHttp)),
      layerMailRoutes({ folder: options.mailFolder }),
      layerMetricsRoutes,
      layerHealth
    )
  })
