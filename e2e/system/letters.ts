import type { RunningSystem } from "@flowforge/embedded"
import { sentBy } from "@flowforge/embedded/audit"
import { Effect } from "effect"
import { type Message, messagesSince } from "./outside.ts"
import { patiently, Unanswered } from "./patience.ts"

/** A mail or a text message that a company outside took. */
export type Letter = Pick<Message, "kind" | "to" | "subject">

/**
 * The mails and text messages that were sent, back to `since` (milliseconds) at least, by the short name that a message
 * calls its order by. Where they are files, the system's management port shows them; else the companies are asked.
 */
export const lettersSince = (messages: RunningSystem["messages"], since: number) =>
  messages.kind === "folder" ? messagesSince(since) : lettersAt(messages.url)

const lettersAt = Effect.fnUntraced(function* (url: string) {
  const sent = yield* patiently(Effect.mapError(sentBy(url), ({ message }) => new Unanswered({ message })))
  return Map.groupBy(readLetters(sent), ({ subject }) => /\border ([0-9a-f]{12})\b/u.exec(subject)?.[1] ?? "")
})

/** What the companies took, as it went out. */
export const readLetters = ({ mails, texts }: Effect.Success<ReturnType<typeof sentBy>>) => [
  ...mails.map((source) => ({
    kind: "email" as const,
    to: field(source, "To"),
    subject: field(source, "Subject"),
    source
  })),
  ...texts.map(({ text, to }) => ({ kind: "sms" as const, to, subject: text, source: text }))
]

/** The line of a head; what this looks for is never folded. */
const field = (source: string, name: string): string => new RegExp(`^${name}: (.*?)\\r?$`, "mu").exec(source)?.[1] ?? ""
