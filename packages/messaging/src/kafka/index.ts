import { Effect, Layer } from "effect"
import { Broker } from "../broker.ts"
import { makeAdmin } from "./admin.ts"
import { type KafkaOptions, makeClient } from "./client.ts"
import { clusterIdOf } from "./cluster-id.ts"
import { makePublisher } from "./publisher.ts"
import { join } from "./subscription.ts"

export type { KafkaOptions } from "./client.ts"
export { prepare, type PrepareOptions, TopicsNotReady } from "./prepare.ts"
export { remove } from "./remove.ts"

/** Kafka, by kafkajs. Topics are not created by it: see {@link prepare}. */
export const layer = (options: KafkaOptions): Layer.Layer<Broker> =>
  Layer.effect(
    Broker,
    Effect.gen(function* () {
      const kafka = makeClient(options, yield* Effect.context<never>())
      const publish = yield* makePublisher(kafka)
      const ask = yield* makeAdmin(kafka)
      return Broker.of({
        publish,
        subscribe: (subscribe) => join(kafka, ask, subscribe, options),
        clusterId: ask(clusterIdOf)
      })
    })
  )
