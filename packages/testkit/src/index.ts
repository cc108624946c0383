export { TestDatabase, layerTestDatabase } from "./database.ts"
export { eventually } from "./eventually.ts"
