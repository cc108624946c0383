// oxlint-disable-next-line typescript/triple-slash-reference -- who imports this package has to find the declaration, too
/// <reference path="./produce-request.d.ts" />
import type { Message } from "kafkajs"
import Encoder from "kafkajs/src/protocol/encoder.js"
import crc32C from "kafkajs/src/protocol/recordBatch/crc32C/index.js"
import Produce, { type Batches } from "kafkajs/src/protocol/requests/produce/index.js"

/*
 * kafkajs 2.2.4 gives each header of each record a buffer of its own, counts in BigInts, and copies what it wrote six
 * times: half of what publishing cost. Mended for the whole process by importing this file: one buffer, written once.
 * What FlowForge never asks for (compression, transactions, timestamps) is left to kafkajs.
 */

/** The first version whose records are the ones written here. */
const FIRST_VERSION = 3

/** The id that kafkajs gives to a producer without one. */
const NOT_IDEMPOTENT = -1

const INITIAL_BYTES = 16 * 1024
/** Of a record's length, which comes before it and is known after it: right for 64 to 8,191 bytes. */
const USUAL_LENGTH_BYTES = 2

/** Bytes in the order they are sent in. */
class Output {
  bytes = Buffer.allocUnsafe(INITIAL_BYTES)
  at = 0

  reserve(length: number): void {
    if (this.at + length <= this.bytes.length) return
    const larger = Buffer.allocUnsafe(2 * (this.at + length))
    larger.set(this.bytes.subarray(0, this.at))
    this.bytes = larger
  }

  skip(length: number): number {
    this.reserve(length)
    this.at += length
    return this.at - length
  }

  int8(value: number): void {
    const at = this.skip(1)
    this.bytes.writeInt8(value, at)
  }

  int16(value: number): void {
    const at = this.skip(2)
    this.bytes.writeInt16BE(value, at)
  }

  int32(value: number): void {
    const at = this.skip(4)
    this.bytes.writeInt32BE(value, at)
  }

  int64(value: number): void {
    const at = this.skip(8)
    this.bytes.writeBigInt64BE(BigInt(value), at)
  }

  varint(value: number): void {
    this.reserve(5)
    let rest = Encoder.encodeZigZag(value)
    for (; rest > 0x7f; rest >>>= 7) this.bytes[this.at++] = (rest & 0x7f) | 0x80
    this.bytes[this.at++] = rest
  }

  raw(bytes: Uint8Array): void {
    const at = this.skip(bytes.length)
    this.bytes.set(bytes, at)
  }

  /** With an int16 in front that says how long it is. */
  string(text: string): void {
    const bytes = Buffer.from(text)
    this.int16(bytes.length)
    this.raw(bytes)
  }

  /** With a varint in front that says how long they are, -1 for none. */
  varbytes(bytes: Uint8Array | null): void {
    this.varint(bytes?.length ?? -1)
    if (bytes !== null) this.raw(bytes)
  }

  /** As bytes. It is short and ASCII nearly always: going through it costs less than asking Node to. */
  varstring(text: string): void {
    const start = this.at
    this.varint(text.length)
    this.reserve(text.length)
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i)
      if (code > 0x7f) {
        this.at = start
        return this.varbytes(Buffer.from(text))
      }
      this.bytes[this.at++] = code
    }
  }

  varvalue(value: Buffer | string | null): void {
    if (typeof value === "string") this.varstring(value)
    else this.varbytes(value)
  }

  /** A varint in front of what was written since `start`, where `start` left {@link USUAL_LENGTH_BYTES} for it. */
  lengthBefore(start: number): void {
    const end = this.at
    const length = end - start - USUAL_LENGTH_BYTES
    const needed = Encoder.sizeOfVarInt(length)
    if (needed !== USUAL_LENGTH_BYTES) {
      this.reserve(needed)
      this.bytes.copyWithin(start + needed, start + USUAL_LENGTH_BYTES, end)
    }
    this.at = start
    this.varint(length)
    this.at += length
  }
}

const writeRecord = (output: Output, { headers = {}, key = null, value }: Message, offsetDelta: number): void => {
  const start = output.skip(USUAL_LENGTH_BYTES)
  output.int8(0) // attributes: none are defined
  output.varint(0) // milliseconds since the batch's time
  output.varint(offsetDelta)
  output.varvalue(key)
  output.varvalue(value)
  const all = Object.entries(headers).flatMap(([name, given]) =>
    Array.isArray(given) ? given.map((one) => [name, one] as const) : [[name, given ?? null] as const]
  )
  output.varint(all.length)
  for (const [name, given] of all) {
    output.varstring(name)
    output.varvalue(given)
  }
  output.lengthBefore(start)
}

/** A record batch of magic 2, as one partition is sent it. */
const writeRecordBatch = (output: Output, messages: ReadonlyArray<Message>, now: number): void => {
  output.int64(0) // first offset: the broker's to say
  const length = output.skip(4)
  output.int32(0) // leader epoch: the broker's to say
  output.int8(2) // magic
  const checksum = output.skip(4)
  output.int16(0) // attributes: not compressed, no transaction
  output.int32(messages.length - 1)
  output.int64(now) // of the first
  output.int64(now) // of the last
  output.int64(NOT_IDEMPOTENT) // producer's id, epoch, number of the first
  output.int16(0)
  output.int32(0)
  output.int32(messages.length)
  messages.forEach((message, n) => writeRecord(output, message, n))
  output.bytes.writeInt32BE(output.at - length - 4, length)
  output.bytes.writeUInt32BE(crc32C(output.bytes.subarray(checksum + 4, output.at)), checksum)
}

const writeRequest = (output: Output, { acks, timeout, topicData }: Batches): void => {
  output.int16(-1) // no transaction
  output.int16(acks)
  output.int32(timeout)
  output.int32(topicData.length)
  const now = Date.now()
  for (const { partitions, topic } of topicData) {
    output.string(topic)
    output.int32(partitions.length)
    for (const { messages, partition } of partitions) {
      output.int32(partition)
      const size = output.skip(4)
      writeRecordBatch(output, messages, now)
      output.bytes.writeInt32BE(output.at - size - 4, size)
    }
  }
}

const encode = async (batches: Batches): Promise<Encoder> => {
  const output = new Output()
  writeRequest(output, batches)
  const encoder = new Encoder(1)
  encoder.buf = output.bytes
  encoder.offset = output.at
  return encoder
}

const isPlain = ({ compression, producerId, topicData, transactionalId }: Batches): boolean =>
  compression === 0 &&
  producerId === NOT_IDEMPOTENT &&
  transactionalId === undefined &&
  topicData.every(({ partitions }) =>
    partitions.every(({ messages }) => messages.every(({ timestamp }) => timestamp === undefined))
  )

const protocol = Produce.protocol
Produce.protocol = ({ version }) => {
  const exchangeOf = protocol({ version })
  if (version < FIRST_VERSION) return exchangeOf
  return (batches) => {
    const exchange = exchangeOf(batches)
    return isPlain(batches)
      ? { ...exchange, request: { ...exchange.request, encode: () => encode(batches) } }
      : exchange
  }
}
