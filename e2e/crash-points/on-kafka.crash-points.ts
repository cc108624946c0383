import { describe, layer } from "@effect/vitest"
import { eventually } from "@flowforge/testkit"
import { findKafka, KAFKA_MISSING, type KafkaServer, startKafka } from "@flowforge/testkit/kafka"
import { Context, Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { layerDatabaseOf } from "../system/at-rest.ts"
import { live } from "./dying.ts"
import { titleOf, WIPED, WITH_KAFKA } from "./rounds.ts"
import { whenReady, World } from "./world.ts"

const program = await Effect.runPromise(findKafka)

class Kafka extends Context.Service<Kafka, KafkaServer>()("@flowforge/e2e/Kafka") {
  static readonly layer = Layer.effect(Kafka, startKafka(program!))
}

const layerWorld = World.layer(
  Effect.map(Kafka, ({ address }) => ({ FLOWFORGE_BROKER: "kafka", KAFKA_BROKERS: address }))
).pipe(Layer.provideMerge(Kafka.layer))

/** Kafka loses everything while it holds events that the group inventory has not handled. */
const wipe = Effect.gen(function* () {
  const kafka = yield* Kafka
  const { instance, prepare, replace, stop } = yield* World
  yield* stop("inventory")
  yield* eventually(
    "Kafka holds what inventory lacks",
    SqlClient.SqlClient.use(
      (sql) => sql`SELECT FROM outbox o JOIN relay_cursors c USING (source)
      WHERE topic = 'payment.succeeded' AND (o.epoch, o.xid, o.id) <= (c.epoch, c.xid, c.id)
        AND NOT EXISTS (SELECT FROM processed_events p WHERE consumer_group = 'inventory' AND p.event_id = o.event_id)
      LIMIT 1`
    ).pipe(
      Effect.map((rows) => rows.length > 0),
      Effect.provide(layerDatabaseOf(instance))
    ),
    "30 seconds",
    "100 millis"
  )
  yield* kafka.wipe
  yield* kafka.start
  yield* prepare
  yield* whenReady(yield* replace("inventory"))
}).pipe(Effect.orDie)

const suite = program === undefined ? `with Kafka (${KAFKA_MISSING})` : "with Kafka"
describe.skipIf(program === undefined)(suite, () => {
  layer(layerWorld, { excludeTestServices: true, timeout: "4 minutes" })(
    "nothing is lost and nothing repeated when",
    (it) => {
      it.effect(titleOf(WITH_KAFKA), () => live(WITH_KAFKA, { name: "kafka" }), 300_000)

      it.effect(
        `${titleOf(WIPED)}, after Kafka was wiped`,
        () =>
          Effect.flatMap(Effect.context<Kafka | World>(), (here) =>
            live(WIPED, { name: "wiped", meanwhile: Effect.provide(wipe, here) })
          ),
        300_000
      )
    }
  )
})
