import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import { OrderId } from "../ids.ts"
import { InvalidRequest, NoReceipt, OrderNotFound, ReceiptNotReady, Unavailable } from "./problems.ts"

/** Answered by the notification service, on the public port. */
export class ReceiptsApi extends HttpApiGroup.make("receipts")
  .add(
    HttpApiEndpoint.get("get", "/orders/:order_id/receipt", {
      params: { order_id: OrderId },
      query: { format: Schema.optionalKey(Schema.Literals(["html", "pdf"])) },
      success: HttpApiSchema.WithHeaders(HttpApiSchema.Empty(303), { location: Schema.String }),
      error: [InvalidRequest, OrderNotFound, NoReceipt, ReceiptNotReady, Unavailable]
    }).annotate(OpenApi.Summary, "Redirects to the receipt behind a signed, expiring address")
  )
  .annotate(OpenApi.Description, "Receipts") {}
