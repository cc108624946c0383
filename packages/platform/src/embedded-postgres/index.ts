export { EmbeddedPostgresError } from "./error.ts"
export { stopOrphan } from "./orphan.ts"
export { type EmbeddedPostgres, type EmbeddedPostgresOptions, startEmbeddedPostgres } from "./server.ts"
