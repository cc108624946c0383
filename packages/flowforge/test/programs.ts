import { fileURLToPath } from "node:url"
import { launchProcess, makeInstallation } from "@flowforge/testkit"

/** FLOWFORGE_PROGRAM: the bundle instead of the sources. */
const program = process.env["FLOWFORGE_PROGRAM"] ?? fileURLToPath(new URL("../src/main.ts", import.meta.url))

export const launch = (name: string, environment: Readonly<Record<string, string>>) =>
  launchProcess(program, name, environment)

export const installation = makeInstallation({
  gatewayProgram: fileURLToPath(import.meta.resolve("@flowforge/gateway-simulator/main"))
})
