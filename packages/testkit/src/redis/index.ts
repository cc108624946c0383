export { findRedis, REDIS_MISSING, type RedisProgram } from "./program.ts"
export { type RedisServer, type RedisServerOptions, startRedis } from "./server.ts"
