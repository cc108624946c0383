import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import { OrderId } from "../ids.ts"
import { documented } from "./openapi.ts"
import { InvalidRequest, NoReceipt, OrderNotFound, ReceiptNotReady, Unavailable } from "./problems.ts"

const SeeOther = HttpApiSchema.Empty(303).annotate({ description: "The receipt is at `location`, for a while" })

/** Answered by the notification service, on the public port. */
export class ReceiptsApi extends HttpApiGroup.make("receipts")
  .add(
    HttpApiEndpoint.get("get", "/orders/:order_id/receipt", {
      params: { order_id: OrderId },
      query: { format: Schema.optionalKey(Schema.Literals(["html", "pdf"])) },
      success: HttpApiSchema.WithHeaders(SeeOther, { location: Schema.String }),
      error: [InvalidRequest, OrderNotFound, NoReceipt, ReceiptNotReady, Unavailable]
    }).annotateMerge(
      documented({
        summary: "Redirects to the receipt of a confirmed order",
        description: "The address is signed and expires after some minutes: ask again for a new one.",
        parameters: {
          order_id: { description: "The order's id, as it was answered." },
          format: { description: "`html` when absent. A PDF is made when it is first asked for." }
        }
      })
    )
  )
  .annotate(OpenApi.Description, "Receipts of confirmed orders") {}
