import { Data, Effect } from "effect"
import { isNotFound, Kinds, Kubernetes } from "./kubernetes/index.ts"
import { definition, REVISION, REVISION_ANNOTATION } from "./resource/index.ts"

/** The cluster is not yet as this operator needs it. `message` says what it waits for. */
export class NotReady extends Data.TaggedError("NotReady")<{ readonly message: string }> {}

const isForbidden = (error: { readonly _tag: string; readonly status?: number }) =>
  error._tag === "Refused" && error.status === 403

/** Whether the cluster's definition is as new as this operator. Who may not read definitions sees whether pipelines can be listed. */
export const definitionIsReady = (namespace: string | undefined) =>
  Effect.gen(function* () {
    const kubernetes = yield* Kubernetes
    const name = definition.metadata.name
    const found = yield* Effect.catchIf(kubernetes.get(Kinds.definition, { name }), isForbidden, () =>
      Effect.succeed("unknown" as const)
    )
    if (found === "unknown") {
      return yield* Effect.asVoid(kubernetes.list(Kinds.orderPipeline, { namespace })).pipe(
        Effect.catchIf(isNotFound, () => Effect.fail(new NotReady({ message: `${name} is not installed` })))
      )
    }
    const revision = Number(found?.metadata.annotations?.[REVISION_ANNOTATION] ?? 0)
    if (found === undefined) return yield* new NotReady({ message: `${name} is not installed` })
    if (revision < REVISION) {
      return yield* new NotReady({
        message: `${name} is of revision ${revision}, and ${REVISION} is needed: upgrade flowforge-crds`
      })
    }
  })
