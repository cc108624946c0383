import { NodeRuntime } from "@effect/platform-node"
import { Effect, Logger } from "effect"
import { runSimulator } from "./process.ts"

// Standard output carries one line, the address: logs go to standard error.
const layerLogger = Logger.layer([Logger.withConsoleError(Logger.formatJson)])

NodeRuntime.runMain(runSimulator.pipe(Effect.provide(layerLogger), Effect.scoped))
