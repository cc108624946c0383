import { NoReceipt, type OrderId, OrderNotFound, PublicApi, ReceiptNotReady, Unavailable } from "@flowforge/contracts"
import { ObjectStore } from "@flowforge/platform"
import { Duration, Effect } from "effect"
import { HttpApiBuilder, HttpApiSchema } from "effect/http-api"
import { Pdfs } from "./receipts/pdfs.ts"
import { NotificationStore } from "./store.ts"

const RETRY_AFTER_SECONDS = 1
/** How long the address of a receipt opens it. */
const OPEN_FOR = Duration.minutes(15)

const away = Effect.fail(new Unavailable({ retry_after_seconds: RETRY_AFTER_SECONDS }))

export const layerReceipts = HttpApiBuilder.group(
  PublicApi,
  "receipts",
  Effect.fnUntraced(function* (handlers) {
    const store = yield* NotificationStore
    const objects = yield* ObjectStore
    const pdfs = yield* Pdfs
    return handlers.handle(
      "get",
      Effect.fnUntraced(
        function* ({ params, query }) {
          const order_id = params.order_id.toLowerCase() as OrderId
          const order = yield* store.receiptOf(order_id)
          if (order === undefined) return yield* new OrderNotFound({ order_id })
          if (order.status === "CANCELLED") return yield* new NoReceipt({ order_id })
          if (order.key === null) {
            return yield* new ReceiptNotReady({ order_id, retry_after_seconds: RETRY_AFTER_SECONDS })
          }
          const key = query.format === "pdf" ? (order.pdfKey ?? (yield* pdfs.keyOf(order_id, order.key))) : order.key
          return HttpApiSchema.withHeaders({
            body: undefined,
            headers: { location: yield* objects.signedUrl(key, OPEN_FOR) }
          })
        },
        Effect.catchTags({ ObjectStoreUnavailable: () => away, SqlError: Effect.die, TooManyPdfs: () => away })
      )
    )
  })
)
