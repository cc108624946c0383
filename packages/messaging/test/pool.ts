import { PgClient } from "@effect/sql-pg"
import { TestDatabase } from "@flowforge/testkit"
import { Effect, Layer } from "effect"

/** Connections to the test's database under a name of their own: those of another process, so to speak. */
export const layerPool = (applicationName: string) =>
  Layer.unwrap(Effect.map(TestDatabase, ({ url }) => PgClient.layer({ url, applicationName, maxConnections: 3 }))).pipe(
    Layer.orDie
  )
