export { RecipientRefused, type SendingError, SendingOutcomeUnknown, SendingUnavailable } from "./errors.ts"
export type { Fault, Faults } from "./faults.ts"
export { type Mail, Mailer, type Sms, SmsSender } from "./mail.ts"
export { layerMailRoutes, mailRoutes } from "./routes.ts"
