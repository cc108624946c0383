export { TestDatabase, layerTestDatabase } from "./database.ts"
export { eventually } from "./eventually.ts"
export { type ReceivedSpan, startTraceCollector } from "./trace-collector.ts"
