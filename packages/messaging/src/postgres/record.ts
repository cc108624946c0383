import type { IncomingRecord } from "../delivery.ts"
import type { Headers } from "../message.ts"
import { decodeHeaders } from "../outbox-headers.ts"
import type { FetchedRow } from "./statements.ts"

/** A place in the outbox. `xid` and `id` are 64-bit numbers as text; the order is that of the triple. */
export interface Position {
  readonly epoch: number
  readonly xid: string
  readonly id: string
}

/** A row of the outbox as a record; the headers are parsed when somebody asks for them. */
export class OutboxRecord implements IncomingRecord {
  readonly topic: string
  readonly partition: number
  readonly key: string | null
  readonly value: Uint8Array | null
  readonly position: Position
  readonly #row: FetchedRow
  #headers: Headers | undefined

  constructor(topic: string, partition: number, row: FetchedRow) {
    this.topic = topic
    this.partition = partition
    this.key = row.key
    this.value = row.value
    this.position = row
    this.#row = row
  }

  get offset(): string {
    return `${this.position.epoch}/${this.position.xid}/${this.position.id}`
  }

  get headers(): Headers {
    return (this.#headers ??= decodeHeaders({ topic: this.topic, ...this.#row }, this.#row.headers))
  }
}
