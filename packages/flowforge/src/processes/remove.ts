import { dropAll } from "@flowforge/platform"
import { all } from "@flowforge/platform/settings"
import { layerTelemetry, telemetry } from "@flowforge/platform/telemetry"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { removeTopics } from "../outside/broker.ts"
import { awaitPostgres, layerConnections } from "../outside/database.ts"
import { broker } from "../settings/outside.ts"
import { database } from "../settings/process.ts"
import { waitFor } from "../waiting.ts"
import { AlreadyManaged } from "./claim.ts"
import { installation, withExitCode } from "./prepare.ts"
import { processOf } from "./process.ts"

/** Whose database this is; undefined where nobody prepared it, or nobody said for whom. */
const owner = SqlClient.SqlClient.use((sql) =>
  Effect.gen(function* () {
    const [found] = yield* sql<{ there: boolean }>`SELECT to_regclass('installation') IS NOT NULL AS there`
    if (!found!.there) return undefined
    return (yield* sql<{ name: string }>`SELECT name FROM installation`)[0]?.name
  })
)

/** The way back of `prepare`: of topics, where they were its to make, and of tables. */
export const remove = processOf(
  "deletes what prepare made, the data with it, then ends",
  all({ ...database, telemetry, broker, installation }),
  (settings) =>
    Effect.gen(function* () {
      const { broker, installation } = settings
      yield* awaitPostgres(settings)
      const holder = yield* owner
      if (holder !== undefined && holder !== installation) {
        return yield* new AlreadyManaged({ message: `this database belongs to ${holder}, not to ${installation}` })
      }
      if (broker.kind === "kafka" && broker.topics === "create") {
        const topics = yield* waitFor("Kafka", removeTopics(broker, "flowforge-remove"))
        yield* Effect.logInfo(`deleted topics: ${topics.join(", ") || "none was there"}`)
      }
      yield* dropAll
      yield* Effect.logInfo("dropped all tables")
    }).pipe(
      Effect.provide(layerConnections(settings, "flowforge remove")),
      Effect.mapError(withExitCode),
      Effect.provide(layerTelemetry("remove"))
    )
)
