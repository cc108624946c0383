export * as NotificationService from "./layer.ts"
