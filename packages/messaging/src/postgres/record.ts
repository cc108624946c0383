import type { IncomingRecord } from "../delivery.ts"
import type { Headers } from "../message.ts"
import type { FetchedRow } from "./statements.ts"

/** A place in the outbox. `xid` and `id` are 64-bit numbers as text; the order is that of the triple. */
export interface Position {
  readonly epoch: number
  readonly xid: string
  readonly id: string
}

const utf8 = new TextDecoder()

/** A row of the outbox as a record; the headers are parsed when somebody asks for them. */
export class OutboxRecord implements IncomingRecord {
  readonly topic: string
  readonly partition: number
  readonly key: string | null
  readonly value: Uint8Array | null
  readonly position: Position
  readonly #encodedHeaders: Uint8Array
  #headers: Headers | undefined

  constructor(topic: string, partition: number, row: FetchedRow) {
    this.topic = topic
    this.partition = partition
    this.key = row.key
    this.value = row.value
    this.position = row
    this.#encodedHeaders = row.headers
  }

  get offset(): string {
    return `${this.position.epoch}/${this.position.xid}/${this.position.id}`
  }

  get headers(): Headers {
    return (this.#headers ??= JSON.parse(utf8.decode(this.#encodedHeaders)))
  }
}
