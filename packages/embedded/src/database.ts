import { join } from "node:path"
import { migrationsFolder } from "@flowforge/contracts/migrations"
import { ensureEpoch, ensurePartitions } from "@flowforge/messaging"
import { layerPostgres, migrate } from "@flowforge/platform"
import { startEmbeddedPostgres } from "@flowforge/platform/embedded-postgres"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { loadCatalogue } from "./catalogue/index.ts"

/** Connections of the one process: every consumer group uses a few at once, and each request one. */
const MAX_CONNECTIONS = 24

/** The embedded PostgreSQL, brought to the newest schema, with its partitions and the catalogue. */
export const startDatabase = Effect.fnUntraced(function* (folder: string) {
  const server = yield* startEmbeddedPostgres({ folder: join(folder, "postgres") })
  const layer = layerPostgres({ url: server.url, applicationName: "flowforge", maxConnections: MAX_CONNECTIONS })
  const orders = yield* migrate(migrationsFolder).pipe(
    Effect.andThen(ensureEpoch),
    Effect.andThen(ensurePartitions()),
    Effect.andThen(loadCatalogue),
    Effect.andThen(countOrders),
    Effect.provide(layerPostgres({ url: server.url, applicationName: "prepare", maxConnections: 1 }))
  )
  return { layer, url: server.url, orders }
})

/** What an earlier run left: how many orders, and how many of them have yet to reach their end. */
export interface OrderCounts {
  readonly all: number
  readonly open: number
}

const countOrders = SqlClient.SqlClient.use((sql) =>
  Effect.map(
    sql<OrderCounts>`SELECT count(*)::int AS "all", (count(*) FILTER (WHERE status = 'PENDING'))::int AS open FROM orders`,
    ([counts]) => counts!
  )
)
