export { Cache, type CacheEntry } from "./cache.ts"
export { isDecodable } from "./config.ts"
export { escapeHtml } from "./html.ts"
export {
  type Fault,
  type Faults,
  layerMailRoutes,
  type Mail,
  Mailer,
  mailRoutes,
  RecipientRefused,
  type SendingError,
  SendingOutcomeUnknown,
  SendingUnavailable,
  type Sms,
  SmsSender
} from "./mail/index.ts"
export { layerObjectRoutes, ObjectStore, objectRoutes, ObjectStoreUnavailable } from "./object-store/index.ts"
export { layerPostgres, type PostgresOptions } from "./postgres/client.ts"
export { dropAll } from "./postgres/drop-all.ts"
export { migrate, MigrationError, missingMigrations } from "./postgres/migrations.ts"
export { isPassing } from "./postgres/passing.ts"
export { clientSpan } from "./telemetry/client-span.ts"
export { Uuids } from "./uuids.ts"
