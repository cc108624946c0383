import { migrationsFolder } from "@flowforge/contracts/migrations"
import { Topics } from "@flowforge/contracts"
import { loadCatalogue } from "@flowforge/embedded/catalogue"
import { ensureEpoch, ensurePartitions } from "@flowforge/messaging"
import { prepare as prepareTopics } from "@flowforge/messaging/kafka"
import { migrate as applyMigrations } from "@flowforge/platform"
import { layerTelemetry } from "@flowforge/platform/telemetry"
import { Effect } from "effect"
import { kafkaOptions } from "../outside/broker.ts"
import { waitFor } from "../waiting.ts"
import { awaitPostgres, layerConnections } from "../outside/database.ts"
import { topicSettings } from "../settings/kafka.ts"
import { broker, catalogue } from "../settings/outside.ts"
import { database } from "../settings/process.ts"
import { all, type ValueOf } from "../settings/setting.ts"
import { processOf } from "./process.ts"

const schema = { ...database, catalogue } as const
const schemaSettings = all(schema)

/** Brings the schema forward. Any number of processes may do it at once, and do it again. */
const bringForward = Effect.fnUntraced(function* (settings: ValueOf<typeof schemaSettings>) {
  yield* awaitPostgres(settings)
  yield* Effect.gen(function* () {
    const applied = yield* applyMigrations(migrationsFolder)
    yield* ensureEpoch
    yield* ensurePartitions()
    yield* Effect.logInfo(applied.length === 0 ? "the schema is up to date" : `applied ${applied.join(", ")}`)
    if (settings.catalogue === "none") return
    const { items, users } = yield* loadCatalogue
    yield* Effect.logInfo(`the demo's catalogue: entered ${items} items and ${users} customers`)
  }).pipe(Effect.provide(layerConnections(settings, "flowforge migrate")))
})

export const migrate = processOf("applies the migrations, then ends", schemaSettings, (settings) =>
  bringForward(settings).pipe(Effect.provide(layerTelemetry("migrate")))
)

export const prepare = processOf(
  "makes the topics, applies the migrations, then ends",
  all({ ...schema, ...topicSettings, broker }),
  (settings) =>
    Effect.gen(function* () {
      const { broker, replicas, topics } = settings
      if (broker.kind === "kafka") {
        const options = { topics: Object.values(Topics), replicas, create: topics === "create" }
        yield* waitFor("Kafka and its topics", prepareTopics(kafkaOptions(broker, "flowforge-prepare"), options))
        yield* Effect.logInfo("the topics are as they should be")
      }
      yield* bringForward(settings)
    }).pipe(Effect.provide(layerTelemetry("prepare")))
)
