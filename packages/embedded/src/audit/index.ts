export { audit } from "./audit.ts"
export type { Finding } from "./check.ts"
export type { AuditContext, AuditOptions, SentMessage } from "./context.ts"
export { isViolated, renderFindings } from "./table.ts"
