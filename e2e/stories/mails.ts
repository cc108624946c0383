import type { sentBy } from "@flowforge/embedded/audit"
import type { Effect } from "effect"
import { shortName } from "../system/outside.ts"
import type { SentLetter } from "./driver.ts"

type Sent = Effect.Success<ReturnType<typeof sentBy>>

/** The line of a head. */
const field = (mail: string, name: string): string =>
  new RegExp(`^${name}: (.*?)\\r?$`, "imu").exec(mail)?.[1]?.trim() ?? ""

/** The mails and text messages about an order. */
export const lettersAbout = ({ mails, texts }: Sent, orderId: string): ReadonlyArray<SentLetter> => {
  const name = shortName(orderId)
  return [
    ...mails.map((source) => ({
      kind: "email" as const,
      to: field(source, "To"),
      subject: field(source, "Subject"),
      source
    })),
    ...texts.map(({ text, to }) => ({ kind: "sms" as const, to, subject: text, source: text }))
  ].filter(({ subject }) => subject.includes(name))
}
