import type { GatewaySwitches } from "@flowforge/contracts"
import type { Finding } from "@flowforge/embedded/audit"
import { Context, type Effect, type Scope } from "effect"
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
  readonly id: string
  readonly group: string
  readonly topic: string
  readonly key: string | null
  readonly kind: string
  readonly headers: Readonly<Record<string, string>>
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

/** A hand between FlowForge and its topics, for what is told of one that has them apart from its outbox. */
export class Between extends Context.Service<
  Between,
  {
    /** While the scope is open, nothing that FlowForge appends comes into a topic: only what a story puts there. */
    readonly withhold: Effect.Effect<void, never, Scope.Scope>
    /** Waits until every group has handled what stands in its topics. */
    readonly handled: Effect.Effect<void>
  }
>()("@flowforge/e2e/Between") {}
