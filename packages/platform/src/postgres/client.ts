import { PgClient } from "@effect/sql-pg"
import { type Layer, Redacted } from "effect"
import type { SqlClient, SqlError } from "effect/sql"

export interface PostgresOptions {
  readonly url: Redacted.Redacted
  readonly applicationName: string
  readonly maxConnections: number
  /** Who may have signed the server's certificate, as PEM: connections are by TLS then, or not at all. */
  readonly authority?: Redacted.Redacted | undefined
}

/**
 * A pool of connections to PostgreSQL. No transaction lives long: one that idles 2 s or lasts 5 s is ended by the
 * server, so that a frozen process never holds up the others. Rows are found by their keys: a plan is kept for long, and
 * one that reads a small table from end to end would still do so when it has grown.
 */
export const layerPostgres = (
  options: PostgresOptions
): Layer.Layer<PgClient.PgClient | SqlClient.SqlClient, SqlError.SqlError> =>
  PgClient.layer({
    url: options.url,
    applicationName: options.applicationName,
    maxConnections: options.maxConnections,
    ...(options.authority === undefined ? {} : { ssl: { ca: Redacted.value(options.authority) } }),
    connectTimeout: "5 seconds",
    // A host that vanished closes nothing: a connection that lies unused, or waits for an answer, notices within 20 s.
    keepAlive: "10 seconds",
    startupParameters: {
      idle_in_transaction_session_timeout: "2000",
      transaction_timeout: "5000",
      enable_seqscan: "off",
      // Where there is no index to read by, the plan counts as dear enough to be compiled before PostgreSQL 18.
      jit: "off"
    }
  })
