/** What becomes of a capture, as its token says. */
export type Outcome = { readonly kind: "captured" } | { readonly kind: "declined"; readonly reason: string }

/** How long `tok_slow` takes. */
export const SLOW_MILLIS = 1_500
/** How often the refund of a `tok_refund_fails` is refused before it works. */
export const REFUND_FAILURES = 3

/** FNV-1a over a text, spread over 0 to 9,999. */
const bucketOf = (text: string): number => {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return (hash >>> 0) % 10_000
}

/** Of `tok_load`, how many of 10,000 are declined. */
const DECLINED_UNDER_LOAD = 300

/** The outcome is decided by the token, of `tok_load` by the reference: the same each time, and countable beforehand. */
export const outcomeOf = (token: string, reference: string): Outcome => {
  switch (token) {
    case "tok_ok":
    case "tok_flaky":
    case "tok_slow":
    case "tok_timeout_after_capture":
    case "tok_refund_fails":
      return { kind: "captured" }
    case "tok_declined":
      return { kind: "declined", reason: "card_declined" }
    case "tok_insufficient_funds":
      return { kind: "declined", reason: "insufficient_funds" }
    case "tok_load":
      return bucketOf(reference) < DECLINED_UNDER_LOAD
        ? { kind: "declined", reason: "card_declined" }
        : { kind: "captured" }
    default:
      return { kind: "declined", reason: "unknown_token" }
  }
}
