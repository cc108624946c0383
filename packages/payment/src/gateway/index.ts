export * from "./gateway.ts"
export { layerHttp } from "./http.ts"
export { layerMemory } from "./memory.ts"
