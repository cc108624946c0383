export { Cache, type CacheEntry } from "./cache.ts"
export {
  type Mail,
  Mailer,
  RecipientRefused,
  type SendingError,
  SendingOutcomeUnknown,
  SendingUnavailable,
  type Sms,
  SmsSender
} from "./mail.ts"
export { ObjectStore, ObjectStoreUnavailable } from "./object-store.ts"
export { layerPostgres, type PostgresOptions } from "./postgres/client.ts"
export { migrate, MigrationError } from "./postgres/migrations.ts"
export { Uuids } from "./uuids.ts"
