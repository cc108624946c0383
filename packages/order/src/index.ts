export * as OrderService from "./layer.ts"
