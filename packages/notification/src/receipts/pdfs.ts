import type { OrderId } from "@flowforge/contracts"
import { ObjectStore, type ObjectStoreUnavailable } from "@flowforge/platform"
import { Clock, Context, Data, Deferred, Effect, Layer, Metric, Semaphore } from "effect"
import type { SqlError } from "effect/sql"
import { dayOfKey, pdfKey } from "../domain.ts"
import { renderSeconds } from "../metrics.ts"
import { NotificationStore } from "../store.ts"
import { renderPdf } from "./pdf.ts"

/** More PDFs are waiting to be rendered than this process takes on. */
export class TooManyPdfs extends Data.TaggedError("TooManyPdfs")<{}> {}

type Failure = ObjectStoreUnavailable | SqlError.SqlError

/** Receipts being rendered or waiting for it. At 2 to 35 ms each, the last of them still has its answer in time. */
const MAX_WAITING = 200

/** Receipts as PDF, rendered and stored when somebody first asks: most are never asked for, and one costs much. */
export class Pdfs extends Context.Service<
  Pdfs,
  {
    /** The key of the PDF beside the receipt stored under `key`. However many ask at once, it is rendered once. */
    readonly keyOf: (orderId: OrderId, key: string) => Effect.Effect<string, Failure | TooManyPdfs>
  }
>()("@flowforge/notification/Pdfs") {
  static readonly layer: Layer.Layer<Pdfs, never, NotificationStore | ObjectStore> = Layer.effect(
    Pdfs,
    Effect.gen(function* () {
      const store = yield* NotificationStore
      const objects = yield* ObjectStore
      const scope = yield* Effect.scope
      const clock = yield* Clock.Clock
      const underWay = new Map<OrderId, Deferred.Deferred<string, Failure>>()
      // Rendering holds the process for some milliseconds: one after another lets requests through in between.
      const one = yield* Semaphore.make(1)

      const make = Effect.fnUntraced(function* (orderId: OrderId, key: string) {
        // Another may have made it since the caller looked.
        const made = (yield* store.receiptOf(orderId))?.pdfKey
        if (typeof made === "string") return made
        const order = yield* store.orderOnReceipt(orderId)
        if (order === undefined) return yield* Effect.die(new Error(`there is a receipt, but no order ${orderId}`))
        const startedAt = clock.monotonicTimeNanosUnsafe()
        const body = yield* renderPdf({ orderId, day: dayOfKey(key), ...order })
        const seconds = Number(clock.monotonicTimeNanosUnsafe() - startedAt) / 1e9
        yield* Metric.update(Metric.withAttributes(renderSeconds, { format: "pdf" }), seconds)
        const stored = pdfKey(key)
        yield* objects.put({ key: stored, body, contentType: "application/pdf" })
        yield* store.keepPdfKey(orderId, stored)
        return stored
      })

      return Pdfs.of({
        keyOf: Effect.fnUntraced(function* (orderId, key) {
          const found = underWay.get(orderId)
          if (found !== undefined) return yield* Deferred.await(found)
          if (underWay.size >= MAX_WAITING) return yield* new TooManyPdfs()
          const deferred = Deferred.makeUnsafe<string, Failure>()
          underWay.set(orderId, deferred)
          // In the service's own scope: others may wait for it when the first who asked has gone.
          yield* one.withPermit(make(orderId, key)).pipe(
            Effect.onExit((exit) => {
              underWay.delete(orderId)
              return Deferred.done(deferred, exit)
            }),
            Effect.forkIn(scope)
          )
          return yield* Deferred.await(deferred)
        })
      })
    })
  )
}
