import { Kafka, logLevel } from "kafkajs"
import type { Events, Topic } from "./events.ts"

/** As many as FlowForge's topics have. */
export const PARTITIONS = 2

/** Says what happened; resolves when Kafka has it. */
export type Send = <T extends Topic>(topic: T, event: Events[T]) => Promise<void>

/** What a service does about an event of a topic. */
export type Handlers = { readonly [T in Topic]?: (event: Events[T]) => Promise<void> }

export const makeKafka = (service: string, brokers: string): Kafka =>
  new Kafka({ clientId: service, brokers: brokers.split(","), logLevel: logLevel.WARN })

export const makeSend = async (kafka: Kafka) => {
  const producer = kafka.producer({ allowAutoTopicCreation: false })
  await producer.connect()
  const send: Send = async (topic, event) => {
    await producer.send({ topic, acks: -1, messages: [{ key: event.order_id, value: JSON.stringify(event) }] })
  }
  return { send, stop: () => producer.disconnect() }
}

/**
 * Handles what comes, all events of a fetch at once: there is one of an order in a topic. Offsets are committed after the
 * handlers are done; what fails comes again, with those beside it.
 */
export const consume = async (kafka: Kafka, group: string, handlers: Handlers) => {
  const topics = Object.keys(handlers) as Array<Topic>
  const consumer = kafka.consumer({
    groupId: group,
    maxWaitTimeInMs: 250,
    sessionTimeout: 10_000,
    heartbeatInterval: 1_000
  })
  await consumer.connect()
  await consumer.subscribe({ topics, fromBeginning: true })
  await consumer.run({
    partitionsConsumedConcurrently: topics.length * PARTITIONS,
    eachBatch: async ({ batch, heartbeat }) => {
      const handle = handlers[batch.topic as Topic] as (event: unknown) => Promise<void>
      const beating = setInterval(() => void heartbeat().catch(() => {}), 1_000)
      try {
        await Promise.all(batch.messages.map(({ value }) => handle(JSON.parse(value!.toString()))))
      } finally {
        clearInterval(beating)
      }
    }
  })
  return { stop: () => consumer.disconnect() }
}
