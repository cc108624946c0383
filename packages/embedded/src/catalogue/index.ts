export { type CatalogueItem, catalogueItems } from "./items.ts"
export { loadCatalogue } from "./load.ts"
export { type CatalogueUser, catalogueUsers, userId } from "./users.ts"
