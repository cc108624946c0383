import { writeFile } from "node:fs/promises"
import { migrationsFolder } from "@flowforge/contracts/migrations"
import { loadCatalogue } from "@flowforge/embedded/catalogue"
import { ensureEpoch, ensurePartitions, type Topic } from "@flowforge/messaging"
import { migrate as applyMigrations } from "@flowforge/platform"
import { all, optional, type ValueOf } from "@flowforge/platform/settings"
import { layerTelemetry, telemetry } from "@flowforge/platform/telemetry"
import { Config, Effect, Runtime, Schedule } from "effect"
import { SqlClient } from "effect/sql"
import { prepareTopics } from "../outside/broker.ts"
import { waitFor } from "../waiting.ts"
import { awaitPostgres, layerConnections } from "../outside/database.ts"
import { broker, catalogue } from "../settings/outside.ts"
import { database } from "../settings/process.ts"
import { topicsWith } from "../settings/topics.ts"
import { claim } from "./claim.ts"
import { processOf } from "./process.ts"

/** How preparing ends where people have to do something, for who started it; anything else ends with 1. */
const EXIT_CODES: Readonly<Record<string, number>> = { TopicsNotReady: 20, MigrationError: 21, AlreadyManaged: 22 }

export const withExitCode = <E extends { readonly _tag: string }>(error: E): E => {
  const code = EXIT_CODES[error._tag]
  return code === undefined ? error : Object.assign(error, { [Runtime.errorExitCode]: code })
}

/** Processes that have just been told to stop may still be connected: they have 25 s for it. */
const patience = { schedule: Schedule.spaced("3 seconds"), times: 15 }

export const installation = optional("FLOWFORGE_INSTALLATION", {
  parse: Config.NonEmptyString,
  expects: "a text",
  means: "which installation this is: another one that is at work on the same database is refused",
  absence: "no installation is told from another"
})

const reportFile = optional("PREPARE_REPORT_FILE", {
  parse: Config.NonEmptyString,
  expects: "a file",
  means: "where it is written, at the end, what there is now: JSON with a sentence each about topics and migrations",
  absence: "nothing is written"
})

const schema = { ...database, telemetry, catalogue, installation } as const
const schemaSettings = all(schema)

const newestMigration = SqlClient.SqlClient.use((sql) =>
  Effect.map(
    sql<{ text: string }>`SELECT max(name) || ' is the newest of ' || count(*) AS text FROM schema_migrations`,
    ([row]) => row!.text
  )
)

/** Brings the schema forward, and tells the newest migration. Any number of processes may do it at once, and do it again. */
const bringForward = Effect.fnUntraced(function* (settings: ValueOf<typeof schemaSettings>) {
  yield* awaitPostgres(settings)
  return yield* Effect.gen(function* () {
    const applied = yield* applyMigrations(migrationsFolder)
    yield* ensureEpoch
    yield* ensurePartitions()
    if (settings.installation !== undefined) {
      yield* claim(settings.installation).pipe(
        Effect.tapError(({ message }) => Effect.logInfo(message)),
        Effect.retry(patience)
      )
    }
    yield* Effect.logInfo(applied.length === 0 ? "the schema is up to date" : `applied ${applied.join(", ")}`)
    if (settings.catalogue !== "none") {
      const { items, users } = yield* loadCatalogue
      yield* Effect.logInfo(`the demo's catalogue: entered ${items} items and ${users} customers`)
    }
    return yield* newestMigration
  }).pipe(Effect.provide(layerConnections(settings, "flowforge migrate")))
})

const told = ({ name, partitions }: Topic.Any) => `${name} (${partitions})`

const write = (file: string, report: { readonly topics: string; readonly migrations: string }) =>
  Effect.promise(() => writeFile(file, JSON.stringify(report)))

export const migrate = processOf("applies the migrations, then ends", schemaSettings, (settings) =>
  bringForward(settings).pipe(Effect.asVoid, Effect.mapError(withExitCode), Effect.provide(layerTelemetry("migrate")))
)

export const prepare = processOf(
  "makes the topics, applies the migrations, then ends",
  all({ ...schema, broker, reportFile }),
  (settings) =>
    Effect.gen(function* () {
      const { broker, reportFile } = settings
      if (broker.kind === "kafka") {
        // What may be made and is otherwise will not become right by waiting.
        yield* waitFor(
          "Kafka and its topics",
          prepareTopics(broker, "flowforge-prepare"),
          ({ _tag }) => _tag === "TopicsNotReady" && broker.topics === "create"
        )
        yield* Effect.logInfo("the topics are as they should be")
      }
      const migrations = yield* bringForward(settings)
      const topics = broker.kind === "kafka" ? topicsWith(broker.overrides).map(told).join(", ") : "none is needed"
      if (reportFile !== undefined) yield* write(reportFile, { topics, migrations })
    }).pipe(Effect.mapError(withExitCode), Effect.provide(layerTelemetry("prepare")))
)
