import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { rootCertificates } from "node:tls"
import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Effect, Exit } from "effect"
import { explain } from "../src/explain.ts"
import { processes } from "../src/processes/index.ts"

/** What a process says in this environment instead of starting, line by line. */
const startIn = (name: string, environment: Readonly<Record<string, string>>) =>
  processes[name]!.run.pipe(
    Effect.scoped,
    Effect.provide(ConfigProvider.layer(ConfigProvider.fromEnv({ env: environment }))),
    Effect.exit,
    Effect.map((exit) => (Exit.isFailure(exit) ? explain(exit.cause).split("\n") : ["it ended"]))
  )

const folder = Effect.acquireRelease(
  Effect.promise(() => mkdtemp(join(tmpdir(), "flowforge-configuration-"))),
  (path) => Effect.promise(() => rm(path, { recursive: true, force: true }))
)

const DATABASE = { DATABASE_URL: "postgres://flowforge:hush@127.0.0.1:1/none" }
const RECEIPTS = {
  FLOWFORGE_OBJECTS: "folder",
  FLOWFORGE_MAIL: "folder",
  FLOWFORGE_DATA: "/nowhere",
  OBJECTS_SIGNING_KEY: "hush"
}

describe("a process whose configuration cannot work", () => {
  it.live("names all that is missing at once", () =>
    Effect.gen(function* () {
      const said = yield* startIn("notification", {})
      for (const name of [
        "DATABASE_URL (or DATABASE_URL_FILE)",
        "FLOWFORGE_BROKER",
        "FLOWFORGE_OBJECTS",
        "FLOWFORGE_MAIL"
      ]) {
        assert.isTrue(
          said.some((line) => line.startsWith(`${name} is missing: `)),
          `${name} in ${said.join("; ")}`
        )
      }
      assert.lengthOf(said, 4)
    })
  )

  it.live("names every wrong value, its services' own and those of the telemetry among them", () =>
    Effect.gen(function* () {
      const said = yield* startIn("api", {
        ...DATABASE,
        ...RECEIPTS,
        PORT: "70000",
        DATABASE_CONNECTIONS: "2",
        SHUTDOWN_TIMEOUT: "soon",
        REDIS_URL: "redis:hush",
        LOG_LEVEL: "Loud",
        ORDER_INTAKE_QUEUE: "many",
        ORDER_OPEN_AGE: "old",
        INVENTORY_AVAILABILITY_TTL: "never"
      })
      assert.deepStrictEqual(
        said.map((line) => line.split(" ", 3).join(" ")),
        [
          "DATABASE_CONNECTIONS is wrong:",
          "LOG_LEVEL is wrong:",
          "SHUTDOWN_TIMEOUT is wrong:",
          "PORT is wrong:",
          "REDIS_URL is wrong:",
          "ORDER_INTAKE_QUEUE is wrong:",
          "ORDER_OPEN_AGE is wrong:",
          "INVENTORY_AVAILABILITY_TTL is wrong:"
        ]
      )
    })
  )

  it.live("refuses a number or a time that no service could work with", () =>
    Effect.gen(function* () {
      const said = yield* startIn("api", {
        ...DATABASE,
        ...RECEIPTS,
        FLOWFORGE_BROKER: "postgres",
        ORDER_INTAKE_BATCH: "0",
        ORDER_OPEN_AGE: "Infinity",
        ORDER_LATE_ORDERS: "-2",
        ORDER_LATE_AGE: "-1 seconds"
      })
      assert.deepStrictEqual(said, [
        "ORDER_INTAKE_BATCH is wrong: it must be a whole number from 1",
        'ORDER_OPEN_AGE is wrong: it must be a time such as "250 millis" or "5 seconds"',
        "ORDER_LATE_ORDERS is wrong: it must be a whole number from 1",
        'ORDER_LATE_AGE is wrong: it must be a time such as "250 millis" or "5 seconds"'
      ])
    })
  )

  it.live("names what no server could be reached by, before it waits for one", () =>
    Effect.gen(function* () {
      const A_URL = "it must be a URL that begins with http:// or https://"
      const said = yield* startIn("payment", {
        ...DATABASE,
        DATABASE_TLS_CA: "/etc/ssl/ca.pem",
        FLOWFORGE_BROKER: "kafka",
        KAFKA_BROKERS: "kafka:99999999",
        KAFKA_REPLICATION_FACTOR: "0",
        KAFKA_TLS: "on",
        KAFKA_TLS_CA: "nonsense",
        OTEL_EXPORTER_OTLP_ENDPOINT: "collector:4318",
        PAYMENT_GATEWAY_URL: "localhost:8070"
      })
      assert.deepStrictEqual(said, [
        "DATABASE_TLS_CA is wrong: it must be a certificate as PEM",
        `OTEL_EXPORTER_OTLP_ENDPOINT is wrong: ${A_URL}`,
        "KAFKA_BROKERS is wrong: it must be host:port, with commas between several, and ports between 1 and 65535",
        "KAFKA_TLS_CA is wrong: it must be a certificate as PEM",
        "KAFKA_REPLICATION_FACTOR is wrong: it must be a whole number from 1",
        `PAYMENT_GATEWAY_URL is wrong: ${A_URL}`
      ])
    })
  )

  it.live("names what neither AWS nor a customer could make anything of", () =>
    Effect.gen(function* () {
      const A_URL = "it must be a URL that begins with http:// or https://"
      const said = yield* startIn("notification", {
        ...DATABASE,
        FLOWFORGE_BROKER: "postgres",
        FLOWFORGE_OBJECTS: "s3",
        FLOWFORGE_MAIL: "ses",
        S3_REGION: "eu-west-1",
        S3_BUCKET: "receipts",
        S3_ENDPOINT: "s3:7070",
        S3_PUBLIC_ENDPOINT: "localhost:8050",
        SES_REGION: "eu-west-1",
        SES_FROM: "nonsense",
        SNS_REGION: "eu-west-1",
        SNS_SENDER_ID: "much too long a name",
        NOTIFICATION_PUBLIC_URL: "nonsense"
      })
      assert.deepStrictEqual(said, [
        `S3_ENDPOINT is wrong: ${A_URL}`,
        `S3_PUBLIC_ENDPOINT is wrong: ${A_URL}`,
        "SES_FROM is wrong: it must be an address such as orders@example.com or FlowForge <orders@example.com>",
        "SNS_SENDER_ID is wrong: it must be 1 to 11 letters or digits, a letter among them",
        `NOTIFICATION_PUBLIC_URL is wrong: ${A_URL}`
      ])
    })
  )

  it.live("refuses a Kafka's authority where there is no TLS, and a user or password where nothing asks for them", () =>
    Effect.gen(function* () {
      const here = {
        ...DATABASE,
        FLOWFORGE_BROKER: "kafka",
        KAFKA_BROKERS: "kafka:9092",
        FLOWFORGE_CRASH_AT: "nowhere"
      }
      const saidOf = (more: Readonly<Record<string, string>>) =>
        Effect.map(startIn("inventory", { ...here, ...more }), ([, ...said]) => said)
      const unused = [
        "KAFKA_USERNAME or KAFKA_PASSWORD is set and KAFKA_SASL is off: set KAFKA_SASL, or neither of them"
      ]
      const incomplete = ["KAFKA_USERNAME and KAFKA_PASSWORD are needed with KAFKA_SASL"]
      const authority = { KAFKA_TLS_CA: rootCertificates[0]! }
      const password = { KAFKA_PASSWORD: "hush" }
      const all = { ...authority, ...password, KAFKA_USERNAME: "flowforge", KAFKA_TLS: "on", KAFKA_SASL: "plain" }
      assert.deepStrictEqual(yield* saidOf(authority), ["KAFKA_TLS_CA is set and KAFKA_TLS is off: set KAFKA_TLS=on"])
      assert.deepStrictEqual(yield* saidOf({ KAFKA_USERNAME: "flowforge" }), unused)
      assert.deepStrictEqual(yield* saidOf(password), unused)
      assert.deepStrictEqual(yield* saidOf({ ...password, KAFKA_SASL: "plain" }), incomplete)
      assert.deepStrictEqual(yield* saidOf(all), [])
    })
  )

  it.live("refuses to have longer to stop than any timer counts, or less than nothing", () =>
    Effect.gen(function* () {
      const here = { ...DATABASE, FLOWFORGE_BROKER: "postgres", FLOWFORGE_CRASH_AT: "nowhere" }
      const saidOf = (time: string) => startIn("inventory", { ...here, SHUTDOWN_TIMEOUT: time })
      const [atCrashPoint] = yield* saidOf("1 hour")
      for (const time of ["Infinity", "30 days", "61 minutes", "-1 seconds"]) {
        assert.deepStrictEqual(yield* saidOf(time), [
          "SHUTDOWN_TIMEOUT is wrong: it must be a time such as 25 seconds, and no more than 1 hour",
          atCrashPoint!
        ])
      }
      assert.deepStrictEqual(yield* saidOf("1 hour"), [atCrashPoint!])
    })
  )

  it.live("names what PostgreSQL's address can never mean, without what stands there", () =>
    Effect.gen(function* () {
      const saidOf = (url: string) => startIn("migrate", { DATABASE_URL: url })
      const percent = "DATABASE_URL is wrong: a % in its user, password or database must be written as %25"
      assert.deepStrictEqual(yield* saidOf("postgres://u:p%zz@h/x"), [percent])
      assert.deepStrictEqual(yield* saidOf("postgres://u%:p@h/x"), [percent])
      assert.deepStrictEqual(yield* saidOf("postgres://u@h:0/x"), [
        "DATABASE_URL is wrong: it must be a URL such as postgres://user@host:5432/database"
      ])
      assert.deepStrictEqual(yield* saidOf("postgres://u@h/x?sslmode=required"), [
        "DATABASE_URL is wrong: its sslmode must be disable or allow or prefer or require or verify-ca or verify-full"
      ])
    })
  )

  it.live("never tells what a secret holds", () =>
    Effect.gen(function* () {
      const [line, ...more] = yield* startIn("migrate", { DATABASE_URL: "mysql://flowforge:hush@host/database" })
      assert.strictEqual(line, "DATABASE_URL is wrong: it must be a URL such as postgres://user@host:5432/database")
      assert.deepStrictEqual(more, [])
    })
  )

  it.live("takes what is set to nothing as not set", () =>
    Effect.gen(function* () {
      const [line] = yield* startIn("migrate", { DATABASE_URL: "" })
      assert.match(line!, /^DATABASE_URL \(or DATABASE_URL_FILE\) is missing/u)
    })
  )

  it.live("names what is wrong with the telemetry of a process that ends, too, beside the rest", () =>
    Effect.gen(function* () {
      for (const name of ["prepare", "migrate", "remove"]) {
        const said = yield* startIn(name, {
          ...DATABASE,
          DATABASE_URL: "nowhere",
          FLOWFORGE_BROKER: "postgres",
          LOG_LEVEL: "Loud"
        })
        assert.deepStrictEqual(said, [
          "DATABASE_URL is wrong: it must be a URL such as postgres://user@host:5432/database",
          "LOG_LEVEL is wrong: it must be Trace or Debug or Info or Warn or Error"
        ])
      }
    })
  )

  it.live("dies at no crash point that does not exist, and at none where it is in production", () =>
    Effect.gen(function* () {
      const here = { ...DATABASE, FLOWFORGE_BROKER: "postgres" }
      assert.deepStrictEqual(yield* startIn("inventory", { ...here, FLOWFORGE_CRASH_AT: "everywhere" }), [
        "FLOWFORGE_CRASH_AT is wrong: it must be the name of a crash point"
      ])
      assert.deepStrictEqual(
        yield* startIn("inventory", { ...here, FLOWFORGE_CRASH_AT: "consumer.handled", NODE_ENV: "production" }),
        ["FLOWFORGE_CRASH_AT is for tests: NODE_ENV is production here"]
      )
    })
  )

  it.live("refuses two things on one port", () =>
    Effect.gen(function* () {
      const said = yield* startIn("api", { ...DATABASE, ...RECEIPTS, PORT: "9090" })
      assert.deepStrictEqual(said, ["PORT and MANAGEMENT_PORT are both 9090: set another one of them"])
    })
  )

  it.live("reads a secret from the file it names, or says why it cannot", () =>
    Effect.gen(function* () {
      const path = yield* folder
      const [given, empty, none] = [join(path, "given"), join(path, "empty"), join(path, "none")]
      yield* Effect.promise(() => writeFile(given, "mysql://flowforge:hush@host/database\n"))
      yield* Effect.promise(() => writeFile(empty, "\n"))
      const fromFile = (file: string, more = {}) => startIn("migrate", { DATABASE_URL_FILE: file, ...more })
      assert.match((yield* fromFile(given))[0]!, /^DATABASE_URL is wrong: /u, "it was read")
      assert.deepStrictEqual(yield* fromFile(empty), [`DATABASE_URL_FILE names ${empty}, which is empty`])
      assert.deepStrictEqual(yield* fromFile(none), [`DATABASE_URL_FILE names ${none}, which cannot be read (ENOENT)`])
      assert.deepStrictEqual(yield* fromFile(given, DATABASE), [
        "DATABASE_URL and DATABASE_URL_FILE are both set: give one of them"
      ])
    }).pipe(Effect.scoped)
  )
})
