export { snsConfig } from "./config.ts"
export { layerSns, type SnsOptions } from "./sender.ts"
