import { randomUUID } from "node:crypto"
import { setTimeout as sleep } from "node:timers/promises"
import type { GatewayPayment } from "@flowforge/contracts"
import { makeKeyedQueue } from "./keyed-queue.ts"
import type { Ledger, LedgerLine } from "./ledger.ts"
import { outcomeOf, REFUND_FAILURES, SLOW_MILLIS } from "./outcomes.ts"
import { makeSwitches } from "./switches.ts"

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

export interface RefundRequest {
  readonly txn_id: string
  readonly amount: number
}

/** The company's business: what was answered under a key is answered for ever. Reads its whole ledger at the start. */
export const makeCompany = (ledger: Ledger, random: () => number) => {
  /** By idempotency key. */
  const lines = new Map<string, LedgerLine>()
  /** By transaction. */
  const captures = new Map<string, LedgerLine>()
  const refunded = new Set<string>()
  const attempts = new Map<string, number>()
  const inOrder = makeKeyedQueue<Answer>()
  const switches = makeSwitches()

  const learn = (line: LedgerLine): void => {
    lines.set(line.idempotency_key, line)
    if (line.kind === "captured" && line.txn_id !== undefined) captures.set(line.txn_id, line)
    if (line.kind === "refunded" && line.txn_id !== undefined) refunded.add(line.txn_id)
  }
  ledger.lines.forEach(learn)

  /** On disk first, known to the company then. */
  const book = async (line: Parameters<Ledger["append"]>[0]): Promise<Answer> => {
    const booked = await ledger.append(line)
    learn(booked)
    return answerTo(booked)
  }

  const attempt = (name: string): number => {
    const count = (attempts.get(name) ?? 0) + 1
    attempts.set(name, count)
    return count
  }
  const happens = (rate: number): boolean => rate > 0 && random() < rate

  return {
    switches,
    refusesEverybody: (): boolean => switches.unavailable || happens(switches.failure_rate),

    capture: (key: string, request: CaptureRequest): Promise<Answer> =>
      inOrder(key, async () => {
        const known = lines.get(key)
        if (known !== undefined) {
          return known.kind === "voided" || isSameCapture(known, request) ? answerTo(known) : { status: 409 }
        }
        if (request.token === "tok_flaky" && attempt(`capture ${key}`) === 1) return { status: 503 }
        if (request.token === "tok_slow") await sleep(SLOW_MILLIS)
        const outcome = outcomeOf(request.token, request.reference)
        const answer = await book(
          outcome.kind === "captured"
            ? { kind: "captured", idempotency_key: key, txn_id: `txn_${randomUUID()}`, ...request }
            : { kind: "declined", idempotency_key: key, decline_reason: outcome.reason, ...request }
        )
        const vanishes = request.token === "tok_timeout_after_capture" || happens(switches.timeout_after_capture_rate)
        return vanishes ? { status: "never" } : answer
      }),

    /** A key that nothing is known of never captures after this. */
    void: (key: string): Promise<Answer> =>
      inOrder(key, async () => {
        const known = lines.get(key)
        return known === undefined ? book({ kind: "voided", idempotency_key: key, amount: 0 }) : answerTo(known)
      }),

    /** Of one capture once, whatever the key: two at once for the same capture wait for each other. */
    refund: (key: string, { txn_id, amount }: RefundRequest): Promise<Answer> =>
      inOrder(`txn ${txn_id}`, async () => {
        const known = lines.get(key)
        if (known !== undefined) {
          const isSame = known.kind === "refunded" && known.txn_id === txn_id && known.amount === amount
          return isSame ? answerTo(known) : { status: 409 }
        }
        const captured = captures.get(txn_id)
        if (captured === undefined) return { status: 404 }
        if (refunded.has(txn_id) || amount !== captured.amount) return { status: 409 }
        if (captured.token === "tok_refund_fails" && attempt(`refund ${key}`) <= REFUND_FAILURES) return { status: 503 }
        if (happens(switches.refund_failure_rate)) return { status: 503 }
        return book({ kind: "refunded", idempotency_key: key, txn_id, refund_id: `ref_${randomUUID()}`, amount })
      }),

    find: (key: string): Answer => {
      const known = lines.get(key)
      return known === undefined ? { status: 404 } : answerTo(known)
    }
  }
}

export type Company = ReturnType<typeof makeCompany>

const answerTo = ({ idempotency_key, kind, amount, txn_id, refund_id, decline_reason }: LedgerLine): Answer => ({
  status: 200,
  // What is undefined is not written.
  payment: { idempotency_key, status: kind, amount, txn_id, refund_id, decline_reason } as Payment
})

const isSameCapture = (known: LedgerLine, request: CaptureRequest): boolean =>
  known.amount === request.amount &&
  known.token === request.token &&
  known.method === request.method &&
  known.reference === request.reference
