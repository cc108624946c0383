import { Pool } from "pg"
import { reservations } from "./inventory.ts"
import { consume, type Handlers, makeKafka, makeSend } from "./messaging.ts"
import { serveOrders } from "./order.ts"
import { payments } from "./payment.ts"

// One service of the plain kafkajs saga, as a process: `node main.ts order|payment|inventory`.

const service = process.argv[2]!
const { DATABASE_URL, GATEWAY_URL, KAFKA_BROKERS, PORT } = process.env
const pool = new Pool({ connectionString: DATABASE_URL, max: 16 })
const kafka = makeKafka(service, KAFKA_BROKERS!)
const { send, stop: stopProducer } = await makeSend(kafka)

const start = (): { readonly handlers: Handlers; readonly stop: () => Promise<void> } => {
  const none = () => Promise.resolve()
  if (service === "order") return serveOrders(pool, send, Number(PORT))
  if (service === "payment") return { handlers: payments(pool, send, GATEWAY_URL!), stop: none }
  return { handlers: reservations(pool, send), stop: none }
}

const { handlers, stop } = start()
const consumer = await consume(kafka, `peer.${service}`, handlers)
process.stdout.write("ready\n")

process.once("SIGTERM", async () => {
  await stop()
  await consumer.stop()
  await stopProducer()
  await pool.end()
})
