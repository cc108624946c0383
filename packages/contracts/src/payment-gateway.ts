import { Schema } from "effect"
import { HttpApi, HttpApiEndpoint, HttpApiError, HttpApiGroup, HttpApiSchema } from "effect/http-api"
import { RefundId, TransactionId } from "./ids.ts"
import { MinorUnits } from "./money.ts"

const IdempotencyKey = Schema.NonEmptyString

/**
 * What the payment company knows about one idempotency key, the same for ever: a capture's key is `captured`, `declined`
 * or `voided` (which promises that it will never capture), a refund's key `refunded`.
 */
export const GatewayPayment = Schema.Struct({
  idempotency_key: IdempotencyKey,
  status: Schema.Literals(["captured", "declined", "voided", "refunded"]),
  txn_id: Schema.optionalKey(TransactionId),
  refund_id: Schema.optionalKey(RefundId),
  amount: MinorUnits,
  decline_reason: Schema.optionalKey(Schema.String)
})
export type GatewayPayment = typeof GatewayPayment.Type

/** 404: the company has never recorded anything under this key. */
export class UnknownKey extends HttpApiError.Problem<UnknownKey>()("UnknownKey", {
  type: "urn:gateway:unknown-key",
  status: 404,
  title: "Nothing is recorded under this key"
}) {}

/** 409: the key was used before with another request, or the capture was refunded under another key. */
export class KeyConflict extends HttpApiError.Problem<KeyConflict>()("KeyConflict", {
  type: "urn:gateway:key-conflict",
  status: 409,
  title: "The key was used with another request"
}) {}

/** 503: the company cannot answer at the moment. */
export class GatewayUnavailable extends HttpApiError.Problem<GatewayUnavailable>()("GatewayUnavailable", {
  type: "urn:gateway:unavailable",
  status: 503,
  title: "The payment company is not available"
}) {}

const keyHeader = { "idempotency-key": IdempotencyKey }

/** The payment company's HTTP interface. The Idempotency-Key header names the payment; amounts are minor units. */
export class GatewayApi extends HttpApi.make("payment-gateway").add(
  HttpApiGroup.make("payments").add(
    HttpApiEndpoint.post("capture", "/v1/captures", {
      headers: keyHeader,
      payload: Schema.Struct({
        amount: MinorUnits,
        method: Schema.String,
        token: Schema.String,
        reference: Schema.String
      }),
      success: GatewayPayment,
      error: [KeyConflict, GatewayUnavailable]
    }),
    HttpApiEndpoint.post("void", "/v1/voids", {
      headers: keyHeader,
      success: GatewayPayment,
      error: GatewayUnavailable
    }),
    HttpApiEndpoint.post("refund", "/v1/refunds", {
      headers: keyHeader,
      payload: Schema.Struct({ txn_id: TransactionId, amount: MinorUnits }),
      success: GatewayPayment,
      error: [UnknownKey, KeyConflict, GatewayUnavailable]
    }),
    HttpApiEndpoint.get("find", "/v1/payments/:idempotency_key", {
      params: { idempotency_key: IdempotencyKey },
      success: GatewayPayment,
      error: [UnknownKey, GatewayUnavailable]
    })
  )
) {}

/** One line of the company's ledger, as the audit reads it. `at` is ISO 8601. */
export const LedgerEntry = Schema.Struct({
  sequence: Schema.Int,
  at: Schema.String,
  kind: Schema.Literals(["captured", "declined", "voided", "refunded"]),
  idempotency_key: IdempotencyKey,
  reference: Schema.optionalKey(Schema.String),
  txn_id: Schema.optionalKey(TransactionId),
  refund_id: Schema.optionalKey(RefundId),
  amount: MinorUnits
})
export type LedgerEntry = typeof LedgerEntry.Type

const Rate = Schema.Number.check(Schema.isBetween({ minimum: 0, maximum: 1 }))
const Latency = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 60_000 }))

/** How the simulated company misbehaves, for tests and demonstrations. Rates are 0 to 1, latencies milliseconds. */
export const GatewaySwitches = Schema.Struct({
  latency_ms: Latency,
  unavailable: Schema.Boolean,
  failure_rate: Rate,
  refund_failure_rate: Rate,
  timeout_after_capture_rate: Rate
})
export type GatewaySwitches = typeof GatewaySwitches.Type

/** What only tests and the audit use: the ledger, page by page, and the switches. */
export class GatewayControlApi extends HttpApi.make("payment-gateway-control").add(
  HttpApiGroup.make("control").add(
    HttpApiEndpoint.get("ledger", "/control/ledger", {
      query: { after: Schema.optionalKey(Schema.FiniteFromString), limit: Schema.optionalKey(Schema.FiniteFromString) },
      success: Schema.Struct({ entries: Schema.Array(LedgerEntry) })
    }),
    HttpApiEndpoint.get("switches", "/control/switches", { success: GatewaySwitches }),
    HttpApiEndpoint.patch("change", "/control/switches", {
      payload: Schema.Struct({
        latency_ms: Schema.optionalKey(Latency),
        unavailable: Schema.optionalKey(Schema.Boolean),
        failure_rate: Schema.optionalKey(Rate),
        refund_failure_rate: Schema.optionalKey(Rate),
        timeout_after_capture_rate: Schema.optionalKey(Rate)
      }),
      success: GatewaySwitches
    }),
    HttpApiEndpoint.get("live", "/health/live", { success: HttpApiSchema.NoContent })
  )
) {}
