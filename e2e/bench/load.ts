import { writeFileSync } from "node:fs"
import { Connection } from "./connection.ts"

/** What the generator is asked to do: `rate` orders a second, whatever the answers, for `seconds`. */
export interface LoadOptions {
  readonly port: number
  readonly rate: number
  readonly seconds: number
  readonly connections: number
  /** Item ids of ordinary orders; every `soldOutEvery`-th order asks for `soldOutItem` instead (0: none does). */
  readonly items: ReadonlyArray<number>
  readonly soldOutItem: number
  readonly soldOutEvery: number
  readonly token: string
  readonly output: string
}

/** One request: when it was due and how long until its answer, in milliseconds; its status, 0 for none. */
export type Sample = readonly [dueAt: number, ackMillis: number, status: number, orderId: string]

const USERS = 100

const bodyOf = (options: LoadOptions, n: number): string => {
  const soldOut = options.soldOutEvery > 0 && n % options.soldOutEvery === 0
  const item = soldOut ? options.soldOutItem : options.items[n % options.items.length]
  return JSON.stringify({
    user_id: `00000000-0000-7000-8000-${String(1 + (n % USERS)).padStart(12, "0")}`,
    items: [{ item_id: item, quantity: 1 }],
    payment_info: { method: "card", token: options.token }
  })
}

const run = async (options: LoadOptions): Promise<ReadonlyArray<Sample>> => {
  const samples: Array<Sample> = []
  const connections = Array.from({ length: options.connections }, () => new Connection(options.port))
  const free = [...connections]
  const waiting: Array<{ n: number; dueAt: number }> = []
  const startedAt = performance.now()
  const epoch = performance.timeOrigin
  const total = Math.round(options.rate * options.seconds)
  let underWay = 0
  let send: () => void = () => {}

  const fire = async (connection: Connection, n: number, dueAt: number): Promise<void> => {
    underWay++
    const body = bodyOf(options, n)
    const answer = await connection.request(
      `POST /orders HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`
    )
    const orderId = answer?.status === 202 ? answer.body.slice(13, 49) : ""
    samples.push([epoch + dueAt, performance.now() - dueAt, answer?.status ?? 0, orderId])
    underWay--
    free.push(connection)
    send()
  }
  send = () => {
    while (free.length > 0 && waiting.length > 0) {
      const { n, dueAt } = waiting.shift()!
      void fire(free.pop()!, n, dueAt)
    }
  }

  for (let n = 0; n < total;) {
    const now = performance.now()
    const due = Math.min(total, Math.floor(((now - startedAt) / 1000) * options.rate) + 1)
    for (; n < due; n++) waiting.push({ n, dueAt: startedAt + (n * 1000) / options.rate })
    send()
    await new Promise((wake) => setTimeout(wake, 1))
  }
  const patience = performance.now() + 30_000
  while ((underWay > 0 || waiting.length > 0) && performance.now() < patience) {
    await new Promise((wake) => setTimeout(wake, 10))
  }
  // What has no answer by now has none: it counts as asked all the same.
  for (const { dueAt } of waiting.splice(0)) samples.push([epoch + dueAt, performance.now() - dueAt, 0, ""])
  for (const connection of connections) connection.close()
  while (underWay > 0) await new Promise((wake) => setTimeout(wake, 10))
  return samples
}

const options = JSON.parse(process.argv[2]!) as LoadOptions
writeFileSync(options.output, JSON.stringify(await run(options)))
process.exit(0)
