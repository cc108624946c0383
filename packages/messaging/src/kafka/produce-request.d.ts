/** Inner modules of kafkajs 2.2.4, which have no types of their own. */
declare module "kafkajs/src/protocol/encoder.js" {
  export default class Encoder {
    static encodeZigZag(value: number): number
    static sizeOfVarInt(value: number): number
    constructor(initialSize?: number)
    buf: Buffer
    offset: number
    readonly buffer: Buffer
    writeVarInt(value: number): this
  }
}

declare module "kafkajs/src/protocol/recordBatch/crc32C/index.js" {
  const crc32C: (bytes: Uint8Array) => number
  export default crc32C
}

declare module "kafkajs/src/protocol/requests/produce/index.js" {
  import type Encoder from "kafkajs/src/protocol/encoder.js"
  import type { Message } from "kafkajs"

  export interface Batches {
    readonly acks: number
    readonly timeout: number
    readonly compression: number
    readonly transactionalId: string | undefined
    readonly producerId: unknown
    readonly producerEpoch: number
    readonly topicData: ReadonlyArray<{
      readonly topic: string
      readonly partitions: ReadonlyArray<{ readonly partition: number; readonly messages: ReadonlyArray<Message> }>
    }>
  }
  interface Exchange {
    readonly request: { readonly encode: () => Promise<Encoder> }
    readonly response: unknown
  }
  const Produce: {
    protocol: (at: { readonly version: number }) => (batches: Batches) => Exchange
  }
  export default Produce
}
