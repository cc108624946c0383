/** An inner class of kafkajs 2.2.4, which has no types of its own. */
declare module "kafkajs/src/protocol/encoder.js" {
  export default class Encoder {
    static nextPowerOfTwo: (value: number) => number
    buf: Buffer
    readonly offset: number
    readonly buffer: Buffer
    constructor(initialSize?: number)
    ensureAvailable(length: number): void
    writeBytes(bytes: Buffer): this
    writeEncoder(encoder: Encoder): this
  }
}
