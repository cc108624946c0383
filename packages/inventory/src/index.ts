export * as InventoryService from "./layer.ts"
