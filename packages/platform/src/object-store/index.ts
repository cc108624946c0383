export { ObjectStoreUnavailable } from "./error.ts"
export { ObjectStore } from "./object-store.ts"
export { layerObjectRoutes, objectRoutes } from "./routes.ts"
