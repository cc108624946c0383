import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect, Redacted } from "effect"
import { TestDatabase } from "../database.ts"
import { lastingPort } from "../server/lasting-port.ts"
import { launchGateway } from "./gateway.ts"

const folder = Effect.acquireRelease(
  Effect.promise(() => mkdtemp(join(tmpdir(), "flowforge-processes-"))),
  (path) => Effect.promise(() => rm(path, { recursive: true, force: true }))
)

/** What all processes of an installation are given: a database, a gateway, folders, and where the API is to listen. */
export const makeInstallation = Effect.fnUntraced(function* (options: {
  /** The program of the payment company. */
  readonly gatewayProgram: string
}) {
  const { url } = yield* TestDatabase
  const path = yield* folder
  const passwordFile = join(path, "database-url")
  yield* Effect.promise(() => writeFile(passwordFile, `${Redacted.value(url)}\n`, { mode: 0o600 }))
  const { url: gatewayUrl } = yield* launchGateway(options.gatewayProgram, join(path, "gateway"))
  const port = yield* Effect.promise(lastingPort)
  const publicUrl = `http://127.0.0.1:${port}`
  return {
    publicUrl,
    gatewayUrl,
    postgresUrl: Redacted.value(url),
    folder: path,
    environment: {
      DATABASE_URL_FILE: passwordFile,
      DATABASE_CONNECTIONS: "8",
      PORT: String(port),
      NOTIFICATION_PUBLIC_URL: publicUrl,
      PAYMENT_GATEWAY_URL: gatewayUrl,
      FLOWFORGE_BROKER: "postgres",
      // Nothing listens there: whatever is done, it is done without a cache.
      REDIS_URL: "redis://127.0.0.1:1",
      FLOWFORGE_CATALOGUE: "demo",
      FLOWFORGE_DATA: path,
      FLOWFORGE_OBJECTS: "folder",
      FLOWFORGE_MAIL: "folder",
      OBJECTS_SIGNING_KEY: "a key for tests",
      SHUTDOWN_TIMEOUT: "10 seconds",
      LOG_FORMAT: "json"
    }
  }
})
