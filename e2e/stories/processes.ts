import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { launchProcess, makeInstallation, TestDatabase } from "@flowforge/testkit"
import { Effect, Layer } from "effect"
import { layerOutboxDriver } from "./outbox-driver.ts"

const program = fileURLToPath(import.meta.resolve("@flowforge/flowforge/main"))
const gatewayProgram = fileURLToPath(import.meta.resolve("@flowforge/gateway-simulator/main"))

const PROCESSES = ["api", "order", "order", "payment", "inventory", "notification"]

/** A system of its own as separate processes, the PostgreSQL broker between them. */
export const layerProcesses = Layer.unwrap(
  Effect.gen(function* () {
    const { environment, folder, gatewayUrl, postgresUrl, publicUrl } = yield* makeInstallation({ gatewayProgram })
    const prepare = yield* launchProcess(program, "prepare", environment)
    const { code } = yield* prepare.ended
    if (code !== 0) return yield* Effect.die(new Error(prepare.output()))
    const launched = yield* Effect.forEach(PROCESSES, (name) => launchProcess(program, name, environment))
    yield* Effect.forEach(launched, ({ ready }) => ready, { concurrency: "unbounded" })
    return layerOutboxDriver({
      pid: 0,
      publicUrl,
      managementUrl: launched[0]!.managementUrl,
      postgresUrl,
      gatewayUrl,
      objectsFolder: join(folder, "objects"),
      mailFolder: join(folder, "mail")
    })
  })
).pipe(Layer.provide(TestDatabase.layer), Layer.orDie)
