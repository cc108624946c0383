import { Config, Option } from "effect"

/** What the operator reads from its environment. */
export const operatorConfig = Config.all({
  /** Where its Lease is. */
  namespace: Config.NonEmptyString("OPERATOR_NAMESPACE"),
  /** Who it is among its replicas: the name of its pod. */
  identity: Config.NonEmptyString("OPERATOR_IDENTITY"),
  /** Where the pipelines are that it looks after; all namespaces where this is not set. */
  watchNamespace: Config.NonEmptyString("OPERATOR_WATCH_NAMESPACE").pipe(
    Config.option,
    Config.map(Option.getOrUndefined)
  )
})

export type OperatorConfig = Config.Success<typeof operatorConfig>
