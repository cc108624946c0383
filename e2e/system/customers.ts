import { setTimeout as sleep } from "node:timers/promises"

/** What a customer wants: the body of the request, and whether they cancel at once. */
export interface Wish {
  readonly body: object
  readonly cancels: boolean
}

/** Customers outside of the system, with a log of their own of what they were promised. */
export interface Customers {
  /** Ids of every order that got a 202, in order. */
  readonly accepted: ReadonlyArray<string>
  /** Requests whose first answer was lost and that were asked again. */
  readonly repeated: () => number
  /** Of each request that got no answer, why and after how long: the connection was refused, broke, or nothing came. */
  readonly unanswered: () => ReadonlyArray<string>
  /** Answers that asked to come back later. */
  readonly refused: () => number
  /** Answers that no customer should ever see. */
  readonly complaints: ReadonlyArray<string>
  /** Lets those under way finish: everything asked for has been promised. */
  readonly stop: () => Promise<void>
  /** Lets go of everything at once: nobody will ask any more. */
  readonly abandon: () => void
}

const RETRY_MILLIS = 100
/** A busy machine is slow; nobody waits for ever. */
const ANSWER_MILLIS = 15_000
const PATIENCE_MILLIS = 120_000

/**
 * Customers who keep ordering, whatever happens: each repeats the request with the same Idempotency-Key until there is
 * an answer, as a good client does. `wishOf` says what the n-th wants.
 */
export const sendCustomers = (options: {
  /** Tells these customers' requests from those of others on the same system. */
  readonly name?: string
  readonly publicUrl: string
  readonly customers: number
  readonly pauseMillis: number
  readonly wishOf: (n: number) => Wish
}): Customers => {
  const accepted: Array<string> = []
  const complaints: Array<string> = []
  let repeated = 0
  let refused = 0
  const unanswered: Array<string> = []
  let asked = 0
  let open = true
  let isAbandoned = false

  const post = (path: string, body: object | undefined, headers: Record<string, string> = {}) => {
    const askedAt = performance.now()
    return fetch(`${options.publicUrl}${path}`, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(ANSWER_MILLIS)
    })
      .then(async (response) => ({
        status: response.status,
        retryAfter: response.headers.get("retry-after"),
        text: await response.text()
      }))
      .catch((error: Error) => {
        const { message: reason } = error.cause instanceof Error ? error.cause : error
        unanswered.push(`${reason}, after ${((performance.now() - askedAt) / 1000).toFixed(1)} s`)
        return undefined
      })
  }

  const order = async (n: number): Promise<void> => {
    const { body, cancels } = options.wishOf(n)
    const key = `${options.name ?? "customer"}-${n}`
    const patience = performance.now() + PATIENCE_MILLIS
    for (let tries = 0; performance.now() < patience && !isAbandoned; tries++) {
      const answer = await post("/orders", body, { "idempotency-key": key })
      if (answer?.status === 202) {
        const { order_id } = JSON.parse(answer.text) as { readonly order_id: string }
        accepted.push(order_id)
        if (tries > 0) repeated++
        if (cancels) await post(`/orders/${order_id}/cancel`, undefined)
        return
      }
      if (answer !== undefined && (![409, 429, 503].includes(answer.status) || answer.retryAfter === null)) {
        complaints.push(`${answer.status} ${answer.text.slice(0, 300)}`)
        return
      }
      if (answer !== undefined) refused++
      await sleep(RETRY_MILLIS)
    }
    complaints.push(`customer ${n} gave up`)
  }

  const shop = async (): Promise<void> => {
    while (open) {
      await order(asked++)
      await sleep(options.pauseMillis)
    }
  }
  const all = Array.from({ length: options.customers }, shop)
  return {
    accepted,
    complaints,
    repeated: () => repeated,
    unanswered: () => unanswered,
    refused: () => refused,
    stop: async () => {
      open = false
      await Promise.all(all)
    },
    abandon: () => {
      open = false
      isAbandoned = true
    }
  }
}
