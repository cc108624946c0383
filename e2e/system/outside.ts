import { GatewayControlApi } from "@flowforge/contracts"
import { Effect } from "effect"
import { FetchHttpClient } from "effect/http"
import { HttpApiClient } from "effect/http-api"
import { FlowForge } from "./client.ts"
import { patiently, Unanswered } from "./patience.ts"

/** What the payment company's own ledger says about one order. */
export interface Money {
  captures: number
  refunds: number
}

const LEDGER_PAGE = 1_000

const pageOfLedger = Effect.fnUntraced(function* (gatewayUrl: string, after: number, limit: number) {
  const { control } = yield* HttpApiClient.make(GatewayControlApi, { baseUrl: gatewayUrl })
  return (yield* patiently(control.ledger({ query: { after, limit } }))).entries
}, Effect.provide(FetchHttpClient.layer))

/** The last entry's number. They count from 1, so that a long ledger need not be read for it. */
export const endOfLedger = Effect.fnUntraced(function* (gatewayUrl: string) {
  const goesBeyond = (number: number) =>
    Effect.map(pageOfLedger(gatewayUrl, number, 1), (entries) => entries.length > 0)
  let [end, beyond] = [-1, 0]
  while (yield* goesBeyond(beyond)) [end, beyond] = [beyond, 2 * beyond + 1]
  while (beyond - end > 1) {
    const middle = Math.floor((end + beyond) / 2)
    if (yield* goesBeyond(middle)) end = middle
    else beyond = middle
  }
  return beyond
})

/** The payment company's ledger behind an entry, by order. Refunds of what was captured before that are left out. */
export const moneySince = Effect.fnUntraced(function* (gatewayUrl: string, start: number) {
  const money = new Map<string, Money>()
  const orderOf = new Map<string, string>()
  let after = start
  for (;;) {
    const entries = yield* pageOfLedger(gatewayUrl, after, LEDGER_PAGE)
    for (const { kind, reference, sequence, txn_id = "" } of entries) {
      after = sequence
      if (kind === "captured" && reference !== undefined) {
        orderOf.set(txn_id, reference)
        money.set(reference, { captures: (money.get(reference)?.captures ?? 0) + 1, refunds: 0 })
      }
      const order = kind === "refunded" ? money.get(orderOf.get(txn_id) ?? "") : undefined
      if (order !== undefined) order.refunds++
    }
    if (entries.length < LEDGER_PAGE) return money
  }
})

interface Messages {
  readonly messages: ReadonlyArray<{
    readonly kind: "email" | "sms"
    readonly to: string
    readonly subject: string
    readonly links: { readonly self: string }
  }>
  readonly next_cursor?: string
}

/** A mail or a text message that stands in the outbox under `path`. */
export interface Message {
  readonly kind: "email" | "sms"
  readonly to: string
  readonly subject: string
  readonly path: string
}

/** The outbox back to `since` (milliseconds), by the short name that a message calls its order by. */
export const messagesSince = Effect.fnUntraced(function* (since: number) {
  const told = new Map<string, Array<Message>>()
  // A message's address begins with the minute it was sent in.
  const oldest = new Date(since).toISOString().slice(0, 16).replace(":", "/")
  let cursor: string | undefined
  do {
    const page: Messages = yield* patiently(pageOfMessages(cursor))
    for (const { kind, links, subject, to } of page.messages) {
      if (links.self.slice("/outbox/".length) < oldest) return told
      const name = /\border ([0-9a-f]{12})\b/u.exec(subject)?.[1] ?? ""
      const about = told.get(name)
      const message = { kind, to, subject, path: links.self }
      if (about === undefined) told.set(name, [message])
      else about.push(message)
    }
    cursor = page.next_cursor
  } while (cursor !== undefined)
  return told
})

/** How messages call an order. */
export const shortName = (orderId: string): string => orderId.slice(-12)

const pageOfMessages = Effect.fnUntraced(function* (cursor: string | undefined) {
  const { managementUrl } = yield* FlowForge
  const query = cursor === undefined ? "" : `?cursor=${encodeURIComponent(cursor)}`
  return yield* Effect.tryPromise({
    try: async () => (await fetch(`${managementUrl}/outbox${query}`)).json() as Promise<Messages>,
    catch: (cause) => new Unanswered({ message: (cause as Error).message })
  })
})
