export { TestDatabase, layerTestDatabase } from "./database.ts"
