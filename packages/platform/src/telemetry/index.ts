export { telemetry } from "./config.ts"
export { layerLogs, layerTelemetry } from "./layer.ts"
export { jsonLogger, prettyLogger } from "./logger.ts"
export { redact, redactText } from "./redact.ts"
