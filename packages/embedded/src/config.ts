import { resolve } from "node:path"
import { Config, Effect, Schema } from "effect"

/** What is configured cannot work. `message` says what to change. */
export class Misconfigured extends Schema.TaggedError<Misconfigured>()("Misconfigured", {
  message: Schema.String
}) {}

/** Where the data are when FLOWFORGE_DATA names no folder. */
export const USUAL_FOLDER = ".flowforge"

/** What moves an embedded system, so that two can run side by side. */
export const embeddedConfig = Config.all({
  publicPort: Config.Port("PORT").pipe(Config.withDefault(8080)),
  managementPort: Config.Port("MANAGEMENT_PORT").pipe(Config.withDefault(9090)),
  /** FLOWFORGE_HOST: the address that both ports listen on. Not HOST, which some shells set to the machine's name. */
  host: Config.NonEmptyString("FLOWFORGE_HOST").pipe(Config.withDefault("127.0.0.1")),
  /** Everything that lasts: database, gateway ledger, receipts, mails. */
  folder: Config.NonEmptyString("FLOWFORGE_DATA").pipe(
    Config.withDefault(USUAL_FOLDER),
    Config.map((path) => resolve(path))
  ),
  /** Where receipts and mails go: files in the data folder, or nowhere (`instant`, for benches). */
  notifications: Config.Literals(["folder", "instant"], "FLOWFORGE_NOTIFICATIONS").pipe(Config.withDefault("folder"))
})

/** {@link embeddedConfig} for a system that is to be started: the ports must differ. */
export const startConfig = Effect.flatMap(embeddedConfig, (config) =>
  config.publicPort === config.managementPort
    ? Effect.fail(
        new Misconfigured({
          message: `PORT and MANAGEMENT_PORT are both ${config.publicPort}, and two things cannot listen on one port. Set another MANAGEMENT_PORT.`
        })
      )
    : Effect.succeed(config)
)

const EVERYWHERE = new Set(["127.0.0.1", "::1", "0.0.0.0", "::"])

/** How this machine's browser reaches a port of this address. */
export const urlOf = (host: string, port: number): string =>
  `http://${EVERYWHERE.has(host) ? "localhost" : host.includes(":") ? `[${host}]` : host}:${port}`
