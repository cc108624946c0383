import type { Effect } from "effect"
import type { Installation } from "./installation/installation.ts"

/** Something goes wrong under a running installation, and is put right again. */
export interface Fault {
  /** As `--only` takes it. */
  readonly name: string
  readonly what: string
  /** Ends when everything that was taken away has been given back; what recovers does so after that. */
  readonly happen: (installation: Installation["Service"]) => Effect.Effect<void>
  /** Requests of customers may go without an answer: what answers them dies. */
  readonly costsAnswers?: true
}

/** What one fault came to. */
export interface Outcome {
  readonly fault: Fault
  /** Orders that customers were promised meanwhile. */
  readonly orders: number
  /** Answers that asked to come back later, and requests without an answer. */
  readonly refused: number
  readonly unanswered: number
  /** Messages of which nobody knows whether they arrived: at most once means that they are not sent again. */
  readonly doubtful: number
  /** How long the fault lasted. */
  readonly lastedMillis: number
  /** From its end until every order promised before that had its end, and its customer was told; undefined: not in time. */
  readonly endedMillis: number | undefined
  readonly toldMillis: number | undefined
  /** From its end until nothing was unread, parked or owed any more, the orders promised after it included. */
  readonly restedMillis: number
  /** What ended by itself and was started again. */
  readonly surprises: ReadonlyArray<string>
  /** What must not be, in words. */
  readonly violations: ReadonlyArray<string>
}
