import { randomUUID } from "node:crypto"
import type { GatewayPayment, GatewaySwitches } from "@flowforge/contracts"
import type { Ledger } from "./ledger.ts"
import { outcomeOf } from "./outcomes.ts"

type Payment = typeof GatewayPayment.Encoded

/** What the company answers: a payment, a refusal with its status, or nothing at all. */
export type Answer =
  | { readonly status: 200; readonly payment: Payment }
  | { readonly status: 400 | 404 | 409 | 503 }
  | { readonly status: "never" }

export interface CaptureRequest {
  readonly amount: number
  readonly method: string
  readonly token: string
  readonly reference: string
}

/** What is remembered of a key. `requested` is what the capture was asked for; a void of an unseen key has none. */
interface Account {
  payment: Payment
  readonly requested: string | undefined
  readonly token: string | undefined
}

const SLOW_MILLIS = 1_500
const REFUND_FAILURES = 3

export const makeCompany = (ledger: Ledger) => {
  const accounts = new Map<string, Account>()
  const refunds = new Map<string, Payment>()
  /** The key of each capture, by its transaction. */
  const keys = new Map<string, string>()
  const underWay = new Map<string, Promise<Answer>>()
  const attempts = new Map<string, number>()
  const switches: { -readonly [K in keyof GatewaySwitches]: GatewaySwitches[K] } = {
    latency_ms: 0,
    unavailable: false,
    failure_rate: 0,
    refund_failure_rate: 0,
    timeout_after_capture_rate: 0
  }

  for (const entry of ledger.entries) {
    const { idempotency_key, amount, txn_id, refund_id } = entry
    if (entry.kind === "refunded") {
      refunds.set(idempotency_key, { idempotency_key, status: "refunded", amount, ...present({ txn_id, refund_id }) })
      continue
    }
    if (txn_id !== undefined) keys.set(txn_id, idempotency_key)
    accounts.set(idempotency_key, {
      payment: { idempotency_key, status: entry.kind, amount, ...present({ txn_id }) },
      requested: entry.kind === "voided" ? undefined : requestOf(amount, entry.reference ?? ""),
      token: undefined
    })
  }

  const attempt = (name: string): number => {
    const n = (attempts.get(name) ?? 0) + 1
    attempts.set(name, n)
    return n
  }

  /** One at a time for each key: the second waits for the first and then finds what it made. */
  const inOrder = async (key: string, work: () => Promise<Answer>): Promise<Answer> => {
    const before = underWay.get(key)
    const mine = before === undefined ? work() : before.then(work, work)
    underWay.set(key, mine)
    try {
      return await mine
    } finally {
      if (underWay.get(key) === mine) underWay.delete(key)
    }
  }

  const refusesEverybody = (): boolean =>
    switches.unavailable || (switches.failure_rate > 0 && Math.random() < switches.failure_rate)

  const capture = (key: string, request: CaptureRequest): Promise<Answer> =>
    inOrder(key, async () => {
      const requested = requestOf(request.amount, request.reference)
      const known = accounts.get(key)
      if (known !== undefined) {
        if (known.requested !== undefined && known.requested !== requested) return { status: 409 }
        return { status: 200, payment: known.payment }
      }
      if (request.token === "tok_flaky" && attempt(`flaky ${key}`) === 1) return { status: 503 }
      if (request.token === "tok_slow") await new Promise((wake) => setTimeout(wake, SLOW_MILLIS))
      const outcome = outcomeOf(request.token, request.reference)
      const payment: Payment =
        outcome.kind === "captured"
          ? { idempotency_key: key, status: "captured", txn_id: `txn_${randomUUID()}`, amount: request.amount }
          : { idempotency_key: key, status: "declined", decline_reason: outcome.reason, amount: request.amount }
      accounts.set(key, { payment, requested, token: request.token })
      if (payment.txn_id !== undefined) keys.set(payment.txn_id, key)
      await ledger.append({
        kind: outcome.kind,
        idempotency_key: key,
        reference: request.reference,
        amount: request.amount,
        ...present({ txn_id: payment.txn_id })
      })
      const vanishes =
        request.token === "tok_timeout_after_capture" ||
        (switches.timeout_after_capture_rate > 0 && Math.random() < switches.timeout_after_capture_rate)
      return vanishes ? { status: "never" } : { status: 200, payment }
    })

  const voidKey = (key: string): Promise<Answer> =>
    inOrder(key, async () => {
      const known = accounts.get(key)
      if (known !== undefined) return { status: 200, payment: known.payment }
      const payment: Payment = { idempotency_key: key, status: "voided", amount: 0 }
      accounts.set(key, { payment, requested: undefined, token: undefined })
      await ledger.append({ kind: "voided", idempotency_key: key, amount: 0 })
      return { status: 200, payment }
    })

  const refund = (key: string, request: { readonly txn_id: string; readonly amount: number }): Promise<Answer> =>
    inOrder(key, async () => {
      const known = refunds.get(key)
      if (known !== undefined) {
        return known.txn_id === request.txn_id && known.amount === request.amount
          ? { status: 200, payment: known }
          : { status: 409 }
      }
      const captured = accounts.get(keys.get(request.txn_id) ?? "")
      if (captured === undefined) return { status: 404 }
      if (captured.token === "tok_refund_fails" && attempt(`refund ${key}`) <= REFUND_FAILURES) return { status: 503 }
      if (switches.refund_failure_rate > 0 && Math.random() < switches.refund_failure_rate) return { status: 503 }
      const payment: Payment = {
        idempotency_key: key,
        status: "refunded",
        txn_id: request.txn_id,
        refund_id: `ref_${randomUUID()}`,
        amount: request.amount
      }
      refunds.set(key, payment)
      await ledger.append({
        kind: "refunded",
        idempotency_key: key,
        amount: request.amount,
        ...present({ txn_id: payment.txn_id, refund_id: payment.refund_id })
      })
      return { status: 200, payment }
    })

  return {
    switches,
    refusesEverybody,
    capture,
    void: voidKey,
    refund,
    find: (key: string): Answer => {
      const payment = refunds.get(key) ?? accounts.get(key)?.payment
      return payment === undefined ? { status: 404 } : { status: 200, payment }
    }
  }
}

export type Company = ReturnType<typeof makeCompany>

const requestOf = (amount: number, reference: string): string => `${amount} ${reference}`

/** The object without what is undefined. */
const present = <A extends object>(values: A): { [K in keyof A]: Exclude<A[K], undefined> } =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as never
