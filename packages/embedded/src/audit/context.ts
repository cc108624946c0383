import type { LedgerEntry } from "@flowforge/contracts"
import type { ObjectStore } from "@flowforge/platform"
import type { Duration, Stream } from "effect"
import type { SqlClient } from "effect/sql"

/** A mail or SMS that its company took, named by the notification's id. */
export interface SentMessage {
  readonly id: string
}

/** What the audit compares: the database, and the records that others keep. */
export interface AuditContext<E> {
  readonly sql: SqlClient.SqlClient
  /** The gateway's own ledger, in order. */
  readonly ledger: Stream.Stream<LedgerEntry, E>
  /** Every mail and SMS sent, when somebody keeps them. */
  readonly messages: Stream.Stream<SentMessage, E> | undefined
  /** The stored receipts, when somebody keeps them. */
  readonly objects: { readonly get: ObjectStore["Service"]["get"] } | undefined
}

export interface AuditOptions {
  /** How long after its last change nothing about an order should move any more. Zero for a system at rest. */
  readonly settleTime: Duration.Duration
  /** The orders a client got a 202 for, when somebody counted. */
  readonly accepted?: ReadonlyArray<string> | undefined
  /** How many open dead letters there should be, when somebody knows. */
  readonly expectedDeadLetters?: number | undefined
}
