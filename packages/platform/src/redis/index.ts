export type { RedisOptions, RedisTls } from "./client.ts"
export { redisConfig } from "./config.ts"
export { layerRedis } from "./layer.ts"
