import { Effect, type Scope } from "effect"
import { type ServerControls, startServer } from "../server/listening.ts"

export { findMoto, MOTO_MISSING } from "./program.ts"

export interface Moto extends ServerControls {
  /** Mails as they went out, headers and all, oldest first. */
  readonly mails: Effect.Effect<ReadonlyArray<string>>
  /** Texts of the SMS sent. */
  readonly texts: Effect.Effect<ReadonlyArray<string>>
  /** Lets the address send mail, as an operator does once. */
  readonly verify: (sender: string) => Effect.Effect<void>
  /** Forgets all, verified senders too. */
  readonly reset: Effect.Effect<void>
}

/** Starts a stand-in for SES and SNS. Only senders verified with it may send mail; it remembers nothing over a restart. */
export const startMoto = (command: string): Effect.Effect<Moto, never, Scope.Scope> =>
  Effect.map(
    startServer("moto", ({ port }) => ({ command, args: ["-H", "127.0.0.1", "-p", String(port)] })),
    (server): Moto => {
      const held = Effect.promise(async () => {
        const response = await fetch(`${server.url}/moto-api/data.json`)
        return (await response.json()) as Record<string, Record<string, ReadonlyArray<Record<string, string>>>>
      })
      return {
        ...server,
        mails: Effect.map(held, ({ ses }) => (ses?.["RawMessage"] ?? []).map((each) => each["raw_data"] ?? "")),
        texts: Effect.map(held, ({ sns }) => (sns?.["SMS"] ?? []).map((each) => each["message"] ?? "")),
        verify: (sender) =>
          Effect.promise(async () => {
            await fetch(`${server.url}/v2/email/identities`, {
              method: "POST",
              headers: {
                "content-type": "application/json",
                authorization: "AWS4-HMAC-SHA256 Credential=flowforge/20260101/eu-west-1/ses/aws4_request"
              },
              body: JSON.stringify({ EmailIdentity: sender })
            })
          }),
        reset: Effect.promise(async () => {
          await fetch(`${server.url}/moto-api/reset`, { method: "POST" })
        })
      }
    }
  )
