import { HttpApi, OpenApi } from "effect/http-api"
import { forClients } from "./openapi.ts"
import { OrdersApi } from "./orders.ts"
import { ProductsApi, StockApi } from "./products.ts"
import { ReceiptsApi } from "./receipts.ts"

/** A refusal names every field at fault, not only the first. */
const everyMistake = { errors: "all" } as const

/** What clients see, on the public port. */
export class PublicApi extends HttpApi.make("flowforge")
  .add(OrdersApi)
  .add(ProductsApi)
  .add(ReceiptsApi)
  .annotate(HttpApi.ParseOptions, everyMistake)
  .annotateMerge(
    OpenApi.annotations({
      title: "FlowForge",
      version: "1.0.0",
      description:
        "Place orders and follow them through payment, stock, confirmation and notification.\n\n" +
        "Amounts are numbers with at most two decimals (`12.34`), times are ISO 8601 in UTC. Every refusal is an RFC 9457 " +
        "problem (`application/problem+json`): `type` says which, `errors` names each field at fault. Bodies have at most 64 KB. " +
        "Objects may grow new fields: ignore what you do not know.",
      transform: forClients
    })
  ) {}

/** What operators see, on the management port only. */
export class ManagementApi extends HttpApi.make("flowforge-management")
  .add(StockApi)
  .annotate(HttpApi.ParseOptions, everyMistake)
  .annotateMerge(
    OpenApi.annotations({
      title: "FlowForge management",
      version: "1.0.0",
      description: "For the people who run FlowForge: on the management port, never routed from outside.",
      transform: forClients
    })
  ) {}
