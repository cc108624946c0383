import { type Message, message, type Topic } from "@flowforge/messaging"
import { Duration, Schema } from "effect"
import { v7 } from "uuid"

const Noted = Schema.Struct({
  event_id: Schema.String,
  event_type: Schema.Literal("note.taken"),
  timestamp: Schema.String,
  key: Schema.String,
  text: Schema.String
})
type Noted = typeof Noted.Type

/** A topic of no particular business. */
export const notes: Topic<"note.taken", Noted> = {
  name: "note.taken",
  schema: Noted,
  key: (event) => event.key,
  partitions: 2,
  retention: Duration.days(1),
  deadLetterTopic: "note.taken.dlq"
}

export const note = (key: string, text: string, eventId: string = v7()): Message =>
  message(notes, { event_id: eventId, event_type: "note.taken", timestamp: "2026-01-01T00:00:00.000Z", key, text })

export const textOf = (message: { readonly value: Uint8Array | null }): string =>
  JSON.parse(new TextDecoder().decode(message.value!)).text
