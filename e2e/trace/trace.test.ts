import { assert, describe, it } from "@effect/vitest"
import { eventually, type ReceivedSpan, startTraceCollector } from "@flowforge/testkit"
import { Effect } from "effect"
import { prepareSystem } from "../system/launch.ts"

const CALLER = { traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331" }

const order = (headers: Record<string, string>): RequestInit => ({
  method: "POST",
  headers: { "content-type": "application/json", ...headers },
  body: JSON.stringify({
    user_id: "00000000-0000-7000-8000-000000000001",
    items: [{ item_id: 1, quantity: 1 }],
    payment_info: { method: "card", token: "tok_ok" }
  })
})

const place = (publicUrl: string, headers: Record<string, string> = {}): Effect.Effect<string> =>
  Effect.promise(async () => {
    const response = await fetch(`${publicUrl}/orders`, order(headers))
    const body: any = await response.json()
    assert.strictEqual(response.status, 202, JSON.stringify(body))
    return body.order_id
  })

const isConfirmed = (publicUrl: string, orderId: string) =>
  Effect.promise(async () => {
    const body: any = await (await fetch(`${publicUrl}/orders/${orderId}`)).json()
    return body.status === "CONFIRMED" && body.links.receipt !== undefined
  })

/** `process order.created` of the group payment, as `payment: process order.created`. */
const titleOf = ({ attributes, name }: ReceivedSpan): string =>
  name.startsWith("process ") ? `${attributes["messaging.consumer.group.name"]}: ${name}` : name

/** Each step of a confirmed order, below the step it follows from. */
const STEPS = {
  "payment: process order.created": "POST /orders",
  "inventory: process payment.succeeded": "payment: process order.created",
  "order: process inventory.reserved": "inventory: process payment.succeeded",
  "notification: process order.confirmed": "order: process inventory.reserved"
}

describe("a trace", () => {
  it.live(
    "follows an order from the caller through all services, and is one picture",
    () =>
      Effect.gen(function* () {
        const { spans, url } = yield* startTraceCollector()
        const system = yield* prepareSystem({ environment: { OTEL_EXPORTER_OTLP_ENDPOINT: url, LOG_FORMAT: "json" } })
        yield* Effect.promise(system.start)
        const traceparent = `00-${CALLER.traceId}-${CALLER.spanId}-01`
        const orderId = yield* place(system.publicUrl, { traceparent })
        const unwanted = yield* place(system.publicUrl, { traceparent: `00-${"a".repeat(32)}-${"b".repeat(16)}-00` })
        yield* eventually("it is confirmed", isConfirmed(system.publicUrl, orderId), "60 seconds")
        yield* eventually("the other one too", isConfirmed(system.publicUrl, unwanted), "60 seconds")
        // Ends the process in order, which exports what it still has.
        yield* Effect.promise(() => system.end("SIGTERM"))

        const trace = spans.filter(({ traceId }) => traceId === CALLER.traceId)
        const request = trace.find(({ name }) => name === "POST /orders")!
        assert.strictEqual(request.parent, CALLER.spanId)
        assert.strictEqual(request.kind, 2, "a server's span")
        assert.strictEqual(request.attributes["http.request.method"], "POST")
        assert.strictEqual(request.attributes["http.route"], "/orders")
        assert.strictEqual(Number(request.attributes["http.response.status_code"]), 202)
        for (const [step, cause] of Object.entries(STEPS)) {
          const span = trace.find((each) => titleOf(each) === step)
          assert.isDefined(span, `${step} is missing among ${trace.map(titleOf).join(", ")}`)
          assert.strictEqual(span!.attributes["messaging.message.conversation_id"], orderId)
          const parent = trace.find(({ spanId }) => spanId === span!.parent)
          assert.strictEqual(parent === undefined ? undefined : titleOf(parent), cause, `the parent of ${step}`)
        }
        const capture = trace.find(({ name }) => name === "POST /v1/captures")!
        assert.strictEqual(capture.kind, 3, "a client's span")
        const asking = trace.find(({ spanId }) => spanId === capture.parent)!
        assert.strictEqual(titleOf(asking), "payment: process order.created")
        assert.deepStrictEqual(
          spans.filter(({ traceId }) => traceId === "a".repeat(32)).map(({ name }) => name),
          [],
          "a caller who does not want a trace gets none"
        )
        const beginnings = spans.filter(({ parent }) => parent === undefined).map(({ kind, name }) => `${kind} ${name}`)
        for (const beginning of beginnings) {
          assert.match(
            beginning,
            /^(?:2 (?:GET|POST) |1 process batch of |5 process )/u,
            "polling and probes are no traces"
          )
        }
      }).pipe(Effect.scoped),
    180_000
  )

  it.live(
    "that nobody takes holds no order up, nor the stop",
    () =>
      Effect.gen(function* () {
        const { requests, url } = yield* startTraceCollector({ answers: false })
        const system = yield* prepareSystem({ environment: { OTEL_EXPORTER_OTLP_ENDPOINT: url } })
        yield* Effect.promise(system.start)
        const orderIds = yield* Effect.forEach(Array.from({ length: 200 }), () => place(system.publicUrl), {
          concurrency: 20
        })
        yield* eventually("the last is confirmed", isConfirmed(system.publicUrl, orderIds.at(-1)!), "60 seconds")
        const startedAt = performance.now()
        yield* Effect.promise(() => system.end("SIGTERM"))
        assert.isAbove(requests.length, 0, "the collector was asked, or the test shows nothing")
        assert.isBelow(performance.now() - startedAt, 8_000)
      }).pipe(Effect.scoped),
    180_000
  )
})
