/**
 * An invariant as a query that returns no rows. Each row it does return is a violation: `subject` names what is wrong (an
 * order, an item, a payment), `detail` how.
 *
 * A query may read the tables of FlowForge and these temporary ones (load.ts):
 * - `audit_orders`: the orders as they stood when the audit began; `settled`: nothing about this one should move any more;
 *   `trouble`: what holds it up, in words, when it has a payment still owed, a parked event or an open dead letter; else NULL;
 * - `audit_began`: one row: when the audit began, before when things have settled, and the expected dead letters;
 * - `audit_captures`, `audit_refunds`: the gateway's ledger; `audit_messages`: what the mail and SMS companies took;
 * - `audit_accepted`: the orders a client got a 202 for.
 *
 * The outside records are read after `audit_orders`, and states only ever move on, so that an audit of a system at work
 * finds what must be there by then.
 */
export interface Check {
  readonly invariant: string
  readonly violations: string
  /**
   * Its query has a third column, `trouble`: what excuses this row. Something is still on its way there, and other checks,
   * gauges and the log know of it; the audit only says so.
   */
  readonly excuses?: true
}

/** A check that can say nothing unless somebody gave the audit what it needs. */
export interface OptionalCheck extends Check {
  readonly needs: "accepted" | "expectedDeadLetters" | "messages"
}

/** What one invariant came to. */
export interface Finding {
  readonly invariant: string
  /** `undefined` when the audit was not given what it takes to know; `notAsked` says then what that is. */
  readonly violations: number | undefined
  readonly notAsked?: string
  /** At most five of them. */
  readonly examples: ReadonlyArray<string>
  /** What would be violations, but for a trouble that everybody can see: how many, and at most five, the oldest first. */
  readonly excused?: { readonly count: number; readonly examples: ReadonlyArray<string> }
}

export const EXAMPLES = 5

/** Why a check that needs something cannot be made without it, for people. */
export const WITHOUT: Readonly<Record<OptionalCheck["needs"] | "objects", string>> = {
  accepted: "only who placed the orders can tell which were accepted",
  expectedDeadLetters: "only who injected poison can tell how much",
  messages: "nobody keeps the messages that were sent",
  objects: "nobody keeps the receipts"
}
