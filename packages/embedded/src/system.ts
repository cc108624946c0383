import { join } from "node:path"
import { PaymentService } from "@flowforge/payment"
import { Mailer, ObjectStore, SmsSender } from "@flowforge/platform"
import { listen } from "@flowforge/platform/http"
import { ConfigProvider, Effect, Layer, Redacted } from "effect"
import { startConfig, urlOf } from "./config.ts"
import { startDatabase } from "./database.ts"
import { startGateway } from "./gateway.ts"
import { layerManagement, layerPublic } from "./http.ts"
import { lockDataFolder } from "./instance/lock.ts"
import { publishRecord } from "./instance/record.ts"
import { layerShared, layerWorkers } from "./services.ts"
import { signingKey } from "./signing-key.ts"

/**
 * The whole system in this process, on the data folder, until the scope closes: ports first (they answer 503 until all is
 * there), then the database, the payment company as a child process, the services, and HTTP last. Closing goes backwards.
 */
export const startSystem = Effect.gen(function* () {
  const { host, publicPort, managementPort, folder, notifications } = yield* startConfig
  yield* lockDataFolder(folder)
  const publicListener = yield* listen({ host, port: publicPort, variable: "PORT" })
  const managementListener = yield* listen({ host, port: managementPort, variable: "MANAGEMENT_PORT" })
  const publicUrl = urlOf(host, publicListener.port)
  const managementUrl = urlOf(host, managementListener.port)
  const objectsFolder = join(folder, "objects")
  const mailFolder = join(folder, "mail")
  const key = yield* signingKey(folder)
  const [database, gateway] = yield* Effect.all(
    [startDatabase(folder), startGateway({ folder: join(folder, "gateway") })],
    { concurrency: "unbounded" }
  )

  const outsideWorld =
    notifications === "instant"
      ? Layer.mergeAll(ObjectStore.layerInstant, Mailer.layerInstant, SmsSender.layerInstant)
      : Layer.mergeAll(
          ObjectStore.layerDisk({ folder: objectsFolder, publicBaseUrl: publicUrl, secret: key }),
          Mailer.layerOutboxFolder({ folder: mailFolder }),
          SmsSender.layerOutboxFolder({ folder: mailFolder })
        )
  yield* Layer.build(
    Layer.mergeAll(
      layerPublic(publicListener, { signingKey: key }),
      layerManagement(managementListener, { mailFolder })
    ).pipe(
      Layer.provideMerge(layerWorkers),
      Layer.provide([layerShared, outsideWorld, PaymentService.layerGateway(gateway.url)]),
      Layer.provide([
        database.layer,
        // Links in mails lead here, unless somebody says that customers come another way.
        ConfigProvider.layerAdd(ConfigProvider.fromUnknown({ NOTIFICATION_PUBLIC_URL: publicUrl }))
      ])
    )
  )
  const record = {
    pid: process.pid,
    publicUrl,
    managementUrl,
    postgresUrl: Redacted.value(database.url),
    gatewayUrl: gateway.url,
    objectsFolder,
    mailFolder
  }
  yield* publishRecord(folder, record)
  return { ...record, folder, orders: database.orders }
})
