import { launchProcess, makeInstallation, runProcess, TestDatabase } from "@flowforge/testkit"
import { type OutsidePrograms, startOutside } from "@flowforge/testkit/outside"
import { Effect, Layer } from "effect"
import { Kafka, logLevel } from "kafkajs"
import { flowforgeProgram, gatewayProgram, WORKERS } from "../system/programs.ts"
import { layerRealDriver } from "./real-driver.ts"

const PROCESSES = ["api", ...WORKERS, ...WORKERS]

/** A system of its own as separate processes, with Kafka between them, and S3, SES and SNS outside. */
export const layerOnKafka = (programs: OutsidePrograms) =>
  Layer.unwrap(
    Effect.gen(function* () {
      const made = yield* makeInstallation({ gatewayProgram })
      const outside = yield* startOutside(programs)
      const environment = { ...made.environment, ...outside.environment }
      yield* runProcess(flowforgeProgram, "prepare", environment)
      const launched = yield* Effect.forEach(PROCESSES, (name) => launchProcess(flowforgeProgram, name, environment))
      yield* Effect.forEach(launched, ({ ready }) => ready, { concurrency: "unbounded" })
      return layerRealDriver({
        publicUrl: made.publicUrl,
        managementUrl: launched[0]!.managementUrl,
        postgresUrl: made.postgresUrl,
        gatewayUrl: made.gatewayUrl,
        ...outside.records,
        kafka: new Kafka({ brokers: [outside.kafka.address], clientId: "stories", logLevel: logLevel.NOTHING })
      })
    })
  ).pipe(Layer.provide(TestDatabase.layer), Layer.orDie)
