import type { Headers } from "./message.ts"

/** What the columns of an outbox row say besides its headers. */
export interface Columns {
  readonly source: string
  readonly topic: string
  readonly key: string
  readonly event_id: string
  readonly value: Uint8Array
}

export const sourceHeader = (source: string): string => `/flowforge/${source}`

const TIMESTAMP = '"timestamp":"'

/** The first timestamp in an event's JSON. Sought as bytes: reading all of it for one header would cost more than storing it. */
const timestampIn = (value: Uint8Array): string | undefined => {
  const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength)
  const found = bytes.indexOf(TIMESTAMP)
  if (found === -1) return undefined
  const from = found + TIMESTAMP.length
  const to = bytes.indexOf('"', from)
  return to === -1 ? undefined : bytes.toString("utf8", from, to)
}

/** The headers that a row is taken to have when it does not say otherwise: nearly all rows do. */
const usual = ({ source, topic, key, event_id, value }: Columns): Headers => {
  const time = timestampIn(value)
  return {
    ce_specversion: "1.0",
    ce_id: event_id,
    ce_type: topic,
    ce_subject: key,
    ce_source: sourceHeader(source),
    ...(time === undefined ? {} : { ce_time: time })
  }
}

const decoder = new TextDecoder()

/** Headers as their row keeps them: without the usual ones (a quarter of the row), and with null for one that is missing. */
export const encodeHeaders = (columns: Columns, headers: Headers): Uint8Array => {
  const kept: Record<string, string | null> = { ...headers }
  for (const [name, value] of Object.entries(usual(columns))) {
    if (kept[name] === value) delete kept[name]
    else kept[name] ??= null
  }
  return Buffer.from(JSON.stringify(kept))
}

/** The headers of a row in full. */
export const decodeHeaders = (columns: Columns, bytes: Uint8Array): Headers => {
  const kept = JSON.parse(decoder.decode(bytes)) as Record<string, string | null>
  const headers: Record<string, string | null> = { ...usual(columns), ...kept }
  for (const name of Object.keys(kept)) if (kept[name] === null) delete headers[name]
  return headers as Headers
}
