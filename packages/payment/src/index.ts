export { PaymentGateway } from "./gateway/index.ts"
export * as PaymentService from "./layer.ts"
