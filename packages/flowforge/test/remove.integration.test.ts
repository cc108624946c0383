import { readFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Topics } from "@flowforge/contracts"
import { prepare } from "@flowforge/messaging/kafka"
import { eventually, layerTestDatabase } from "@flowforge/testkit"
import { findKafka, KAFKA_MISSING, startKafka } from "@flowforge/testkit/kafka"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { installation, launch } from "./programs.ts"

const program = await Effect.runPromise(findKafka)

const topics = Object.values(Topics)

/** What is not as prepare made it. */
const missingAt = (address: string) =>
  prepare({ brokers: [address] }, { topics, create: false }).pipe(
    Effect.as<ReadonlyArray<string>>([]),
    Effect.catchTag("TopicsNotReady", ({ problems }) => Effect.succeed(problems))
  )

const tables = SqlClient.SqlClient.use((sql) =>
  Effect.map(
    sql<{ name: string }>`SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' ORDER BY 1`,
    (rows) => rows.map(({ name }) => name)
  )
)

describe("remove", () => {
  it.live.skipIf(program === undefined)(
    `takes back what prepare made, and told of, for this installation, and for no other${program === undefined ? ` (${KAFKA_MISSING})` : ""}`,
    () =>
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        const server = yield* startKafka(program!)
        const made = yield* installation
        const report = join(made.environment.FLOWFORGE_DATA, "report.json")
        const environment = {
          ...made.environment,
          FLOWFORGE_BROKER: "kafka",
          KAFKA_BROKERS: server.address,
          FLOWFORGE_INSTALLATION: "shops/first uid-1"
        }
        const run = (name: string, rest: Readonly<Record<string, string>> = {}) =>
          Effect.gen(function* () {
            const { ended, output } = yield* launch(name, { ...environment, ...rest })
            return { code: (yield* ended).code, output: output() }
          })
        assert.strictEqual((yield* run("prepare", { PREPARE_REPORT_FILE: report })).code, 0)
        const told = JSON.parse(readFileSync(report, "utf8"))
        assert.match(told.migrations, /^\d{4}_\w+\.sql is the newest of \d+$/u)
        assert.include(told.topics, "order.created (2), ")
        assert.deepStrictEqual(yield* missingAt(server.address), [])

        const refused = yield* run("remove", { FLOWFORGE_INSTALLATION: "shops/second uid-2" })
        assert.strictEqual(refused.code, 22)
        assert.include(refused.output, "this database belongs to shops/first uid-1, not to shops/second uid-2")
        assert.include(yield* tables, "orders")

        yield* sql`CREATE TABLE theirs ()`
        yield* sql`ALTER TABLE theirs OWNER TO pg_monitor`
        const removed = yield* run("remove")
        assert.strictEqual(removed.code, 0, removed.output)
        assert.deepStrictEqual(yield* tables, ["theirs"])
        yield* eventually(
          "no topic of ours is left",
          Effect.map(missingAt(server.address), (missing) => missing.length === 2 * topics.length)
        )
        assert.strictEqual((yield* run("remove")).code, 0, "again")
      }).pipe(Effect.provide(layerTestDatabase), Effect.scoped),
    120_000
  )
})
