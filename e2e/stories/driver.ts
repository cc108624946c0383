import type { GatewaySwitches } from "@flowforge/contracts"
import type { Finding } from "@flowforge/embedded/audit"
import { Context, type Effect } from "effect"
import type { Money } from "../system/outside.ts"

/** A record as it stands in a topic, whoever put it there. */
export interface RawRecord {
  readonly topic: string
  readonly key: string | null
  readonly value: string | Uint8Array
  readonly headers: Readonly<Record<string, string>>
}

/** A mail or a text message, as it went out. */
export interface SentLetter {
  readonly kind: "email" | "sms"
  readonly to: string
  readonly subject: string
  readonly source: string
}

/** A record that a group has given up and nobody has dealt with yet. */
export interface OpenDeadLetter {
  readonly group: string
  readonly topic: string
  readonly key: string
  readonly kind: string
}

/**
 * What a story needs of the system it is told to, beside its two addresses (FlowForge): the outside records, and a hand in
 * the topics. One for each way of running FlowForge; a story knows none of them.
 */
export class Driver extends Context.Service<
  Driver,
  {
    /** The payment company's ledger about an order. */
    readonly moneyOf: (orderId: string) => Effect.Effect<Money>
    readonly lettersAbout: (orderId: string) => Effect.Effect<ReadonlyArray<SentLetter>>
    /** Every record with this key, of all topics. */
    readonly recordsOf: (key: string) => Effect.Effect<ReadonlyArray<RawRecord>>
    /** Puts records into their topics, in this order, as a producer that went astray would. */
    readonly inject: (records: ReadonlyArray<RawRecord>) => Effect.Effect<void>
    readonly openDeadLetters: Effect.Effect<ReadonlyArray<OpenDeadLetter>>
    /** How the payment company behaves, while the scope is open. */
    readonly gateway: (change: Partial<GatewaySwitches>) => Effect.Effect<void>
    /** Waits until every order has its end, its customer has been told, and nothing is owed or parked. */
    readonly atRest: Effect.Effect<void>
    readonly audit: (options: {
      readonly accepted: ReadonlyArray<string>
      readonly expectedDeadLetters: number
    }) => Effect.Effect<ReadonlyArray<Finding>>
  }
>()("@flowforge/e2e/Driver") {}
