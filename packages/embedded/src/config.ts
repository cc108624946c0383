import { resolve } from "node:path"
import { Config } from "effect"

/** What moves an embedded system, so that two can run side by side. */
export const embeddedConfig = Config.all({
  publicPort: Config.Port("PORT").pipe(Config.withDefault(8080)),
  managementPort: Config.Port("MANAGEMENT_PORT").pipe(Config.withDefault(9090)),
  /** Everything that lasts: database, gateway ledger, receipts, mails. */
  folder: Config.NonEmptyString("FLOWFORGE_DATA").pipe(
    Config.withDefault(".flowforge"),
    Config.map((path) => resolve(path))
  ),
  /** Where receipts and mails go: files in the data folder, or nowhere (`instant`, for benches). */
  notifications: Config.Literals(["folder", "instant"], "FLOWFORGE_NOTIFICATIONS").pipe(Config.withDefault("folder"))
})
