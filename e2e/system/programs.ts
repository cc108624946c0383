import { fileURLToPath } from "node:url"

/** FLOWFORGE_PROGRAM: the bundle instead of the sources. */
export const flowforgeProgram =
  process.env["FLOWFORGE_PROGRAM"] ?? fileURLToPath(import.meta.resolve("@flowforge/flowforge/main"))

export const gatewayProgram = fileURLToPath(import.meta.resolve("@flowforge/gateway-simulator/main"))

/** Each is a consumer group, too. */
export const WORKERS = ["order", "payment", "inventory", "notification"] as const
export const SERVICES = ["api", ...WORKERS] as const
export type ServiceName = (typeof SERVICES)[number]
