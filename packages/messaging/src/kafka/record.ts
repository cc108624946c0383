import type { KafkaMessage, Message as KafkaRecord } from "kafkajs"
import type { IncomingRecord } from "../delivery.ts"
import type { Headers, Message } from "../message.ts"
import { ORIGINAL, type Original, originalOf, withOriginal } from "../original.ts"

const REPLACEMENT = "\uFFFD"

/** Whether the text gives back the bytes that it was read from: what is no UTF-8 is replaced when it is read. */
const holds = (text: string, bytes: Buffer): boolean => !text.includes(REPLACEMENT) || Buffer.from(text).equals(bytes)

const bytesOf = (value: Buffer | string): Buffer => (typeof value === "string" ? Buffer.from(value) : value)

const encoded = (value: Buffer | string): string => bytesOf(value).toString("base64")
const decoded = (base64: string): Buffer => Buffer.from(base64, "base64")

/** Of several headers of one name the last counts. What text cannot hold is noted besides. */
const headersOf = (message: KafkaMessage, key: Original): Headers => {
  const headers: Record<string, string> = {}
  let untold: Record<string, ReadonlyArray<string>> | undefined
  for (const [name, value] of Object.entries(message.headers ?? {})) {
    const values = Array.isArray(value) ? value : [value ?? ""]
    const last = bytesOf(values.at(-1) ?? "")
    const text = last.toString()
    const isTold = values.length === 1 && name !== ORIGINAL && holds(text, last)
    if (name !== ORIGINAL) headers[name] = text
    if (!isTold) (untold ??= {})[name] = values.map((one) => encoded(one ?? ""))
  }
  return withOriginal(headers, untold === undefined ? key : { ...key, headers: untold })
}

/** A record as consumers see it. */
export const recordOf = (topic: string, partition: number, message: KafkaMessage): IncomingRecord => {
  const { key: bytes, offset, value } = message
  const key = bytes === null ? null : bytes.toString()
  const isTold = key !== null && holds(key, bytes!)
  return {
    topic,
    partition,
    offset,
    key,
    value,
    headers: headersOf(message, isTold ? {} : { key: bytes === null ? null : encoded(bytes) })
  }
}

/** A message as Kafka keeps it; one that came from there, byte for byte as it came. */
export const toKafka = ({ headers, key, partition, value }: Message): KafkaRecord => {
  const record = {
    partition,
    headers,
    key: Buffer.from(key),
    value: Buffer.from(value.buffer, value.byteOffset, value.length)
  }
  const original = originalOf(headers)
  if (original === undefined) return record
  const { [ORIGINAL]: _, ...told } = headers
  const untold = Object.entries(original.headers ?? {}).map(([name, values]) => [name, values.map(decoded)])
  return {
    partition,
    headers: { ...told, ...Object.fromEntries(untold) },
    key: original.key === undefined ? record.key : original.key === null ? null : decoded(original.key),
    value: original.value === null ? null : record.value
  }
}
