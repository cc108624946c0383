import { optionalCertificate, refine, secret, type Setting, text, variable } from "@flowforge/platform/settings"
import { telemetry } from "@flowforge/platform/telemetry"
import { Config, Duration, Redacted, Schema } from "effect"
import { crashAt } from "../crash-points.ts"
import { mistakeInDatabaseUrl } from "./database-url.ts"

const port = (name: string, fallback: string, means: string) =>
  variable(name, { parse: Config.Port, expects: "a port between 1 and 65535", means, fallback })

/** Connections that a process needs besides those for its work: its locks, and listening for what others commit. */
const FEWEST_CONNECTIONS = 6

const databaseUrl = refine(secret("DATABASE_URL", { expects: "a URL", means: "the PostgreSQL" }), (url) =>
  mistakeInDatabaseUrl(Redacted.value(url))
)

/** Where PostgreSQL is, and how to know that it is the right one. */
export const database = {
  databaseUrl,
  databaseAuthority: optionalCertificate("DATABASE_TLS_CA", {
    means: "who may have signed PostgreSQL's certificate, as PEM; demands TLS",
    absence: "the system's authorities, with ?sslmode=require in DATABASE_URL"
  })
} as const

const maxConnections = refine(
  variable("DATABASE_CONNECTIONS", {
    parse: Config.Int,
    expects: "a number",
    means: "the most connections of one process to PostgreSQL",
    fallback: "12"
  }),
  (count) =>
    count >= FEWEST_CONNECTIONS
      ? undefined
      : `DATABASE_CONNECTIONS is wrong: it must be a number, ${FEWEST_CONNECTIONS} or more`
)

/** Timers hold no more than 24.8 days, and take what is longer for no time at all; no orchestrator waits for an hour. */
const Patience = Schema.DurationFromString.check(
  Schema.makeFilter((time) => Duration.between(time, { minimum: Duration.zero, maximum: Duration.hours(1) }))
)

/** What every process has that goes on running. */
export const running = {
  ...database,
  maxConnections,
  host: text("FLOWFORGE_HOST", { means: "the address that the ports listen on", fallback: "0.0.0.0" }),
  telemetry,
  managementPort: port("MANAGEMENT_PORT", "9090", "health, metrics, what operators do; not to be routed from outside"),
  stopWithin: variable("SHUTDOWN_TIMEOUT", {
    parse: (name) => Config.schema(Patience, name),
    expects: "a time such as 25 seconds, and no more than 1 hour",
    means: "how long a stop may take until it is cut short; shorter than the orchestrator's patience",
    fallback: "25 seconds"
  }),
  crashAt
} as const

export const publicPort = port("PORT", "8080", "the public API")

/** Two things cannot listen on one port. */
export const onTwoPorts = <A extends { readonly publicPort: number; readonly managementPort: number }>(
  setting: Setting<A>
): Setting<A> =>
  refine(setting, ({ managementPort, publicPort }) =>
    managementPort === publicPort
      ? `PORT and MANAGEMENT_PORT are both ${publicPort}: set another one of them`
      : undefined
  )
