import { fileURLToPath } from "node:url"
import { launchProcess, makeInstallation, TestDatabase } from "@flowforge/testkit"
import { OBJECT_STORE_BUCKET, OBJECT_STORE_CREDENTIALS, OBJECT_STORE_REGION } from "@flowforge/testkit/object-store"
import { type OutsidePrograms, startOutside } from "@flowforge/testkit/outside"
import { Effect, Layer } from "effect"
import { Kafka, logLevel } from "kafkajs"
import { layerRealDriver } from "./real-driver.ts"

const program = fileURLToPath(import.meta.resolve("@flowforge/flowforge/main"))
const gatewayProgram = fileURLToPath(import.meta.resolve("@flowforge/gateway-simulator/main"))

const PROCESSES = ["api", "order", "order", "payment", "inventory", "notification"]

/** A system of its own as separate processes, with Kafka between them, and S3, SES and SNS outside. */
export const layerOnKafka = (programs: OutsidePrograms) =>
  Layer.unwrap(
    Effect.gen(function* () {
      const made = yield* makeInstallation({ gatewayProgram })
      const outside = yield* startOutside(programs)
      const environment = { ...made.environment, ...outside.environment }
      const prepare = yield* launchProcess(program, "prepare", environment)
      const { code } = yield* prepare.ended
      if (code !== 0) return yield* Effect.die(new Error(prepare.output()))
      const launched = yield* Effect.forEach(PROCESSES, (name) => launchProcess(program, name, environment))
      yield* Effect.forEach(launched, ({ ready }) => ready, { concurrency: "unbounded" })
      return layerRealDriver({
        publicUrl: made.publicUrl,
        managementUrl: launched[0]!.managementUrl,
        postgresUrl: made.postgresUrl,
        gatewayUrl: made.gatewayUrl,
        receipts: {
          kind: "s3",
          endpoint: outside.environment["S3_ENDPOINT"]!,
          region: OBJECT_STORE_REGION,
          bucket: OBJECT_STORE_BUCKET,
          ...OBJECT_STORE_CREDENTIALS
        },
        messages: { kind: "moto", url: outside.moto.url },
        kafka: new Kafka({ brokers: [outside.kafka.address], clientId: "stories", logLevel: logLevel.NOTHING })
      })
    })
  ).pipe(Layer.provide(TestDatabase.layer), Layer.orDie)
