import type { Broker, Wakeups } from "@flowforge/messaging"
import type { Cache } from "@flowforge/platform"
import { listen } from "@flowforge/platform/http"
import { all, type ValueOf } from "@flowforge/platform/settings"
import { layerTelemetry } from "@flowforge/platform/telemetry"
import { Effect, Layer, type Scope } from "effect"
import type { SqlClient } from "effect/sql"
import { arm } from "../crash-points.ts"
import { layerWorkerManagement } from "../http.ts"
import { layerBroker, layerRelay } from "../outside/broker.ts"
import { layerCache } from "../outside/cache.ts"
import { awaitSchema, layerDatabase } from "../outside/database.ts"
import { Progress } from "../progress.ts"
import { broker, cache } from "../settings/outside.ts"
import { running } from "../settings/process.ts"
import { stopWithin } from "../stopping.ts"

/** What all workers read. */
export const workerSettings = { ...running, broker, cache } as const

const everyWorker = all(workerSettings)

/** What every worker has, for the consumers and jobs of its service. */
export type Shared = Broker | Cache | SqlClient.SqlClient | Wakeups

/** Runs the consumers and jobs of one service, with their management port, until interrupted. */
export const runWorker = <E>(
  settings: ValueOf<typeof everyWorker>,
  options: {
    /** The service's name. */
    readonly process: string
    readonly work: Layer.Layer<never, E, Shared>
  }
): Effect.Effect<never, unknown, Scope.Scope> =>
  Effect.gen(function* () {
    const { host, managementPort } = settings
    const { process, work } = options
    yield* stopWithin(settings.stopWithin)
    yield* arm(settings.crashAt)
    const listener = yield* listen({ host, port: managementPort, variable: "MANAGEMENT_PORT" })
    yield* awaitSchema(settings)
    const layerManagement = Layer.unwrap(
      Effect.map(Progress, (progress) => layerWorkerManagement(listener, { process, progress }))
    )
    yield* Layer.build(
      layerManagement.pipe(
        Layer.provideMerge(Layer.mergeAll(work, layerRelay(settings.broker, process))),
        Layer.provide(Progress.layer.pipe(Layer.provide(layerBroker(settings.broker, process)))),
        Layer.provide(layerCache(settings.cache)),
        Layer.provide(layerDatabase(settings, process))
      )
    )
    yield* Effect.logInfo(`ready: management port ${listener.port}`)
    return yield* Effect.never
  }).pipe(Effect.provide(layerTelemetry(options.process)))
