export { PaymentGateway } from "./gateway.ts"
export * as PaymentService from "./layer.ts"
