export { sesConfig } from "./config.ts"
export { layerSes, type SesOptions } from "./mailer.ts"
