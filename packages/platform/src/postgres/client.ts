import { PgClient } from "@effect/sql-pg"
import { type Layer, type Redacted } from "effect"
import type { SqlClient, SqlError } from "effect/sql"

export interface PostgresOptions {
  readonly url: Redacted.Redacted
  readonly applicationName: string
  readonly maxConnections: number
}

/**
 * A pool of connections to PostgreSQL. No transaction lives long: one that idles 2 s or lasts 5 s is ended by the
 * server, so that a frozen process never holds up the others.
 */
export const layerPostgres = (
  options: PostgresOptions
): Layer.Layer<PgClient.PgClient | SqlClient.SqlClient, SqlError.SqlError> =>
  PgClient.layer({
    url: options.url,
    applicationName: options.applicationName,
    maxConnections: options.maxConnections,
    connectTimeout: "5 seconds",
    startupParameters: {
      idle_in_transaction_session_timeout: "2000",
      transaction_timeout: "5000"
    }
  })
