import { Effect, Schedule } from "effect"
import type { OperatorConfig } from "./config.ts"
import { control } from "./controller.ts"
import { whileLeading } from "./leader.ts"
import { definitionIsReady } from "./readiness.ts"

/** The name of the Lease. */
const LEASE = "flowforge-operator"

/** Waits for the definition, then for leadership, and looks after the pipelines while it has that. */
export const operate = ({ identity, namespace, watchNamespace }: OperatorConfig) =>
  Effect.gen(function* () {
    yield* definitionIsReady(watchNamespace).pipe(
      Effect.tapError(({ message }) => Effect.logInfo(`waiting: ${message}`)),
      Effect.retry(Schedule.spaced("3 seconds"))
    )
    return yield* whileLeading({ namespace, name: LEASE, identity }, control(watchNamespace))
  })
