import { HttpApi, OpenApi } from "effect/http-api"
import { OrdersApi } from "./orders.ts"
import { ProductsApi, StockApi } from "./products.ts"
import { ReceiptsApi } from "./receipts.ts"

/** What clients see, on the public port. */
export class PublicApi extends HttpApi.make("flowforge")
  .add(OrdersApi)
  .add(ProductsApi)
  .add(ReceiptsApi)
  .annotateMerge(
    OpenApi.annotations({
      title: "FlowForge",
      version: "1.0.0",
      description: "Place orders and follow them through payment, stock, confirmation and notification."
    })
  ) {}

/** What operators see, on the management port only. */
export class ManagementApi extends HttpApi.make("flowforge-management")
  .add(StockApi)
  .annotateMerge(OpenApi.annotations({ title: "FlowForge management", version: "1.0.0" })) {}
