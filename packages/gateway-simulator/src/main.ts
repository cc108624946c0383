// This module alone: the whole package would double the memory and the time to start of a small process.
import { runMain } from "@effect/platform-node/NodeRuntime"
import { Effect, Logger } from "effect"
import { runSimulator } from "./process.ts"

// Standard output carries one line, the address: logs go to standard error.
const layerLogger = Logger.layer([Logger.withConsoleError(Logger.formatJson)])

runMain(runSimulator.pipe(Effect.provide(layerLogger), Effect.scoped))
