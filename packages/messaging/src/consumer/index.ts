export { calling, type Called, type Entry, inDatabase } from "./entry.ts"
export { type ConsumerOptions, layer } from "./layer.ts"
