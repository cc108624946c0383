import { Effect } from "effect"
import type { SendingError } from "./errors.ts"
import { type Faults, refusalOf, unanswered } from "./faults.ts"

export interface MemoryOptions<A> {
  readonly sent: Array<A>
  readonly faults?: Faults
}

export const makeMemory = <A extends { readonly to: string }>({ faults, sent }: MemoryOptions<A>) => ({
  send: (message: A): Effect.Effect<void, SendingError> =>
    Effect.suspend(() => {
      const fault = faults?.()
      const refusal = refusalOf(message.to, fault)
      if (refusal !== undefined) return Effect.fail(refusal)
      sent.push(message)
      return fault === "unanswered" ? Effect.fail(unanswered) : Effect.void
    })
})
