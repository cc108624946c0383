export type { RedisOptions, RedisTls } from "./client.ts"
export { layerRedis } from "./layer.ts"
