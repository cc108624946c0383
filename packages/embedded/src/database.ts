import { join } from "node:path"
import { migrationsFolder } from "@flowforge/contracts/migrations"
import { ensureEpoch, ensurePartitions } from "@flowforge/messaging"
import { layerPostgres, migrate } from "@flowforge/platform"
import { startEmbeddedPostgres } from "@flowforge/platform/embedded-postgres"
import { Effect } from "effect"
import { loadCatalogue } from "./catalogue/index.ts"

/** Connections of the one process: every consumer group uses a few at once, and each request one. */
const MAX_CONNECTIONS = 24

/** The embedded PostgreSQL, brought to the newest schema, with its partitions and the catalogue. */
export const startDatabase = Effect.fnUntraced(function* (folder: string) {
  const server = yield* startEmbeddedPostgres({ folder: join(folder, "postgres") })
  const layer = layerPostgres({ url: server.url, applicationName: "flowforge", maxConnections: MAX_CONNECTIONS })
  yield* migrate(migrationsFolder).pipe(
    Effect.andThen(ensureEpoch),
    Effect.andThen(ensurePartitions()),
    Effect.andThen(loadCatalogue),
    Effect.provide(layerPostgres({ url: server.url, applicationName: "prepare", maxConnections: 1 }))
  )
  return { layer, url: server.url }
})
