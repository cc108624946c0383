import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import {
  EventId,
  GatewayControlApi,
  type GatewaySwitches,
  type ItemId,
  type LedgerEntry,
  MinorUnits,
  type OrderCancelled,
  type OrderCreated,
  type OrderId,
  Topics,
  type UserId
} from "@flowforge/contracts"
import { type Message, message, Outbox, Wakeups } from "@flowforge/messaging"
import { freePort } from "@flowforge/platform/child-process"
import * as PostgresBroker from "@flowforge/messaging/postgres"
import { eventually, layerTestDatabase } from "@flowforge/testkit"
import { ConfigProvider, Context, Duration, Effect, Layer, type Scope } from "effect"
import { FetchHttpClient } from "effect/http"
import { HttpApiClient } from "effect/http-api"
import { SqlClient } from "effect/sql"
import { v7 } from "uuid"
import { PaymentService } from "../src/index.ts"
import { Company } from "./company.ts"

export const newOrder = (): OrderId => v7() as OrderId
const userId = "00000000-0000-7000-8000-000000000001" as UserId
const timestamp = "2026-11-23T08:00:00.000Z"

export const created = (orderId: OrderId, token = "tok_ok", amount = 1250): Message => {
  const event: OrderCreated = {
    event_id: EventId.make(v7()),
    event_type: "order.created",
    timestamp,
    order: {
      order_id: orderId,
      user_id: userId,
      items: [{ item_id: 1 as ItemId, quantity: 2 }],
      total_amount: MinorUnits.make(amount),
      payment: { method: "card", token }
    }
  }
  return message(Topics.orderCreated, event)
}

export const cancelled = (orderId: OrderId): Message => {
  const event: OrderCancelled = {
    event_id: EventId.make(v7()),
    event_type: "order.cancelled",
    timestamp,
    order_id: orderId,
    user_id: userId,
    reason: "CUSTOMER"
  }
  return message(Topics.orderCancelled, event)
}

/** Publishes for the embedded broker; what is published twice is a duplicate with the same event id. */
export const publish = (...messages: ReadonlyArray<Message>) =>
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    const outbox = yield* Outbox
    yield* sql.withTransaction(outbox.append(messages))
  })

export const rowOf = (orderId: OrderId) =>
  SqlClient.SqlClient.use(
    (sql) => sql<{ status: string; attempts: number; last_error: string | null; txn_id: string | null }>`
      SELECT status, attempts, last_error, txn_id FROM payments WHERE order_id = ${orderId}`
  ).pipe(Effect.map((rows) => rows[0]))

export const statusOf = (orderId: OrderId) => Effect.map(rowOf(orderId), (row) => row?.status)

/** The topics of what the payment service said about an order, in order. */
export const announced = (orderId: OrderId) =>
  SqlClient.SqlClient.use(
    (sql) => sql<{ topic: string }>`
      SELECT topic FROM outbox WHERE key = ${orderId} AND source = 'payment' ORDER BY id`
  ).pipe(Effect.map((rows) => rows.map(({ topic }) => topic)))

const program = fileURLToPath(import.meta.resolve("@flowforge/gateway-simulator/main"))

/** The real simulator as a process of its own, that can be killed and started again on its address and ledger. */
export class Simulator extends Context.Service<
  Simulator,
  {
    readonly url: string
    readonly start: Effect.Effect<void>
    readonly kill: Effect.Effect<void>
    /** What it has booked for an order, in order. */
    readonly booked: (orderId: OrderId) => Effect.Effect<ReadonlyArray<LedgerEntry["kind"]>>
    readonly change: (switches: Partial<GatewaySwitches>) => Effect.Effect<void>
  }
>()("test/Simulator") {
  static readonly layer: Layer.Layer<Simulator> = Layer.effect(Simulator, Effect.suspend(makeSimulator))
}

function makeSimulator(): Effect.Effect<Simulator["Service"], never, Scope.Scope> {
  return Effect.gen(function* () {
    const folder = mkdtempSync(join(tmpdir(), "flowforge-payment-"))
    const port = yield* Effect.promise(freePort)
    const url = `http://127.0.0.1:${port}`
    let child: ChildProcess | undefined
    const start = Effect.promise(async () => {
      child = spawn(process.execPath, [program], {
        env: { GATEWAY_PORT: String(port), GATEWAY_FOLDER: folder, GATEWAY_WITH_PARENT: "1" },
        stdio: ["pipe", "pipe", "inherit"]
      })
      await once(createInterface(child.stdout!), "line")
    })
    const kill = Effect.promise(async () => {
      if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
      const exit = once(child, "exit")
      child.kill("SIGKILL")
      await exit
    })
    yield* Effect.acquireRelease(start, () =>
      Effect.andThen(kill, () => Effect.sync(() => rmSync(folder, { recursive: true, force: true })))
    )
    const { control } = yield* HttpApiClient.make(GatewayControlApi, { baseUrl: url }).pipe(
      Effect.provide(FetchHttpClient.layer)
    )
    return {
      url,
      start,
      kill,
      booked: (orderId) =>
        Effect.gen(function* () {
          const kinds: Array<LedgerEntry["kind"]> = []
          for (let after = 0; ;) {
            const { entries } = yield* control.ledger({ query: { after } })
            if (entries.length === 0) return kinds
            after += entries.length
            for (const { idempotency_key, kind } of entries) if (idempotency_key.includes(orderId)) kinds.push(kind)
          }
        }).pipe(Effect.orDie),
      change: (payload) => Effect.orDie(Effect.asVoid(control.change({ payload })))
    }
  })
}

/** Retries and time-outs as short as a test wants them. */
const layerQuick = (maxPendingAge: Duration.Input) =>
  ConfigProvider.layer(
    ConfigProvider.fromUnknown({
      PAYMENT_GATEWAY_TIMEOUT: "400 millis",
      PAYMENT_MAX_PENDING_AGE: `${Duration.toMillis(Duration.fromInputUnsafe(maxPendingAge))} millis`,
      PAYMENT_RETRY_BASE: "20 millis",
      PAYMENT_RETRY_CAP: "100 millis"
    })
  )

/** The payment service as its process runs it, on the test's gateway, until the scope closes. */
export const startService = (options?: { readonly maxPendingAge: Duration.Input }) =>
  Effect.gen(function* () {
    const service = Layer.merge(PaymentService.layerConsumers, PaymentService.layerJobs)
    yield* Layer.build(Layer.fresh(service).pipe(Layer.provide(layerQuick(options?.maxPendingAge ?? "1 minute"))))
  })

export const reaches = (orderId: OrderId, status: string, within?: Duration.Input) =>
  eventually(
    `${orderId} is ${status}`,
    Effect.map(statusOf(orderId), (found) => found === status),
    within
  )

/** How many of these events the group `payment` is done with. */
export const doneAmong = (messages: ReadonlyArray<Message>) =>
  SqlClient.SqlClient.use(
    (sql) => sql<{ count: number }>`SELECT count(*)::integer AS count FROM processed_events
      WHERE consumer_group = 'payment' AND outcome = 'done'
        AND event_id = ANY (${messages.map(({ eventId }) => eventId)}::uuid[])`
  ).pipe(Effect.map((rows) => rows[0]?.count ?? 0))

/** Waits until the group `payment` is done with all of these events. */
export const handled = (messages: ReadonlyArray<Message>) => {
  const events = new Set(messages.map(({ eventId }) => eventId)).size
  return eventually(
    "every event is handled",
    Effect.map(doneAmong(messages), (done) => done === events)
  )
}

const around = Layer.mergeAll(PostgresBroker.layer, Outbox.layer("test")).pipe(
  Layer.provideMerge(Wakeups.layer),
  Layer.provideMerge(layerTestDatabase)
)

/** Database, embedded broker, and the simulator as the gateway. */
export const outside = Layer.merge(
  around,
  Layer.unwrap(Effect.map(Simulator, ({ url }) => PaymentService.layerGateway(url))).pipe(
    Layer.provide(layerQuick("1 minute")),
    Layer.provideMerge(Simulator.layer)
  )
)

/** Database, embedded broker, and a company in memory as the gateway. */
export const outsideInMemory = Layer.merge(around, Company.layer)
