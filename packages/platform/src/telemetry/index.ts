export { telemetry } from "./config.ts"
export { isForPeople, layerLogs, layerTelemetry } from "./layer.ts"
export { jsonLogger, prettyLogger } from "./logger.ts"
export { redact, redactText } from "./redact.ts"
