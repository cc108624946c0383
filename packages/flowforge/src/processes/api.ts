import { InventoryService } from "@flowforge/inventory"
import { NotificationService } from "@flowforge/notification"
import { OrderService } from "@flowforge/order"
import { listen } from "@flowforge/platform/http"
import { all } from "@flowforge/platform/settings"
import { layerTelemetry } from "@flowforge/platform/telemetry"
import { Effect, Layer } from "effect"
import { arm } from "../crash-points.ts"
import { layerManagement, layerPublic } from "../http.ts"
import { layerCache } from "../outside/cache.ts"
import { awaitSchema, layerDatabase } from "../outside/database.ts"
import { mailFolderOf } from "../outside/mail.ts"
import { layerObjects } from "../outside/objects.ts"
import { cache, mailbox, objects } from "../settings/outside.ts"
import { onTwoPorts, publicPort, running } from "../settings/process.ts"
import { stopWithin } from "../stopping.ts"
import { processOf } from "./process.ts"

const settings = onTwoPorts(
  all({
    ...running,
    publicPort,
    cache,
    objects,
    mailbox,
    order: OrderService.settings,
    inventory: InventoryService.settings,
    notification: NotificationService.settings
  })
)

/** Nobody new is sent to a process that stops; those who hold a connection to it are told with an answer that it ends. */
const FAREWELL_MILLIS = 3_000

/** Ports first: they answer 503 until all is there. Closing goes backwards: requests under way are finished first. */
export const api = processOf("HTTP of all services: the public port and what operators do", settings, (settings) =>
  Effect.gen(function* () {
    const { host, managementPort, publicPort } = settings
    const signingKey = settings.objects.kind === "folder" ? settings.objects.signingKey : undefined
    yield* stopWithin(settings.stopWithin)
    yield* arm(settings.crashAt)
    const limits = { farewellMillis: FAREWELL_MILLIS }
    const publicListener = yield* listen({ host, port: publicPort, variable: "PORT", limits })
    const managementListener = yield* listen({ host, port: managementPort, variable: "MANAGEMENT_PORT" })
    yield* awaitSchema(settings)
    yield* Layer.build(
      Layer.mergeAll(
        layerPublic(publicListener, { signingKey }),
        layerManagement(managementListener, { mailFolder: mailFolderOf(settings.mailbox) })
      ).pipe(
        Layer.provide([layerCache(settings.cache), layerObjects(settings.objects)]),
        Layer.provide(layerDatabase(settings, "api"))
      )
    )
    yield* Effect.logInfo(`ready: public port ${publicListener.port}, management port ${managementListener.port}`)
    return yield* Effect.never
  }).pipe(Effect.provide(layerTelemetry("api")))
)
