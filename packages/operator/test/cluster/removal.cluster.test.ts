import { assert, it } from "@effect/vitest"
import { eventually } from "@flowforge/testkit"
import { Deferred, Effect, Layer } from "effect"
import { beforeAll } from "vitest"
import { Kinds, Kubernetes } from "../../src/kubernetes/index.ts"
import {
  describeCluster,
  found,
  give,
  layerLeast,
  namespace,
  onCluster,
  pipelineIn,
  prepareCluster,
  untilReady
} from "./harness.ts"
import { operatorIn } from "./operators.ts"

const DELETE = { deletionPolicy: "Delete" }

const shop = (where: string) => ({ namespace: where, name: "shop" })

const untilGone = (where: string) =>
  eventually(
    "the pipeline is gone",
    Effect.map(found(Kinds.orderPipeline, where, "shop"), (pipeline) => pipeline === undefined),
    "90 seconds",
    "200 millis"
  )

const untilNothingIsLeft = (where: string) =>
  Effect.gen(function* () {
    const kubernetes = yield* Kubernetes
    yield* eventually(
      "nothing is left",
      Effect.gen(function* () {
        const lists = yield* Effect.forEach(
          [Kinds.deployment, Kinds.job, Kinds.pod, Kinds.podDisruptionBudget],
          (kind) => kubernetes.list(kind, { namespace: where })
        )
        return lists.every(({ items }) => items.length === 0)
      }),
      "90 seconds",
      "500 millis"
    )
  })

/** What people were told of the pipeline. */
const eventsIn = (where: string) =>
  Effect.map(
    Effect.flatMap(Kubernetes, (kubernetes) => kubernetes.list(Kinds.event, { namespace: where })),
    ({ items }) =>
      items.flatMap((event: any) =>
        event.involvedObject.kind === "OrderPipeline"
          ? [{ reason: event.reason as string, message: event.message as string }]
          : []
      )
  )

/** A pipeline that ran, and has no operator any more. */
const abandoned = (spec: object) =>
  Effect.gen(function* () {
    const where = yield* namespace
    yield* Effect.scoped(
      Effect.gen(function* () {
        yield* Effect.forkScoped(operatorIn(where))
        yield* give(pipelineIn(where, spec))
        yield* untilReady(where)
      })
    )
    return where
  })

describeCluster("a pipeline that is deleted", () => {
  beforeAll(prepareCluster, 120_000)

  it.live(
    "goes, with all that belongs to it, also while no operator is there",
    () =>
      onCluster(
        Effect.gen(function* () {
          const where = yield* abandoned({})
          yield* (yield* Kubernetes).remove(Kinds.orderPipeline, shop(where))
          yield* untilGone(where)
          yield* untilNothingIsLeft(where)
        })
      ),
    300_000
  )

  it.live(
    "is rolled out by an operator that has the rights of its Role alone, loses its processes, then its data by a Job, then goes",
    () =>
      onCluster(
        Effect.gen(function* () {
          const where = yield* namespace
          const least = yield* Layer.build(layerLeast(where))
          const isAtWork = yield* Deferred.make<void>()
          const onWrite = ({
            kind,
            metadata
          }: {
            readonly kind: string
            readonly metadata: { readonly name: string }
          }) =>
            kind === "Job" && metadata.name === "shop-remove" ? Deferred.succeed(isAtWork, undefined) : Effect.void
          yield* Effect.forkScoped(operatorIn(where, onWrite, Layer.succeedContext(least)))
          yield* give(pipelineIn(where, DELETE))
          yield* untilReady(where)
          const kept = yield* found(Kinds.orderPipeline, where, "shop")
          assert.deepStrictEqual(kept?.metadata.finalizers, ["flowforge.dev/remove"])
          const kubernetes = yield* Kubernetes
          yield* kubernetes.remove(Kinds.orderPipeline, shop(where))
          yield* Deferred.await(isAtWork)
          assert.deepStrictEqual((yield* kubernetes.list(Kinds.deployment, { namespace: where })).items, [])
          yield* untilGone(where)
          yield* untilNothingIsLeft(where)
          assert.notInclude(
            (yield* eventsIn(where)).map(({ reason }) => reason),
            "RemovalGivenUp"
          )
        })
      ),
    300_000
  )

  it.live(
    "goes although its data cannot be deleted, and people are told why",
    () =>
      onCluster(
        Effect.gen(function* () {
          const where = yield* namespace
          yield* Effect.forkScoped(operatorIn(where))
          const env = { REMOVE_FAILS: { value: "topics must not be deleted" } }
          yield* give(pipelineIn(where, { ...DELETE, env, progressDeadlineSeconds: 60 }))
          yield* untilReady(where)
          yield* (yield* Kubernetes).remove(Kinds.orderPipeline, shop(where))
          yield* untilGone(where)
          const told = (yield* eventsIn(where)).find(({ reason }) => reason === "RemovalGivenUp")
          assert.include(told?.message, "topics must not be deleted")
          yield* untilNothingIsLeft(where)
        })
      ),
    300_000
  )

  it.live(
    "goes when its operator comes back, where that was gone first",
    () =>
      onCluster(
        Effect.gen(function* () {
          const where = yield* abandoned(DELETE)
          yield* (yield* Kubernetes).remove(Kinds.orderPipeline, shop(where))
          yield* Effect.forkScoped(operatorIn(where))
          yield* untilGone(where)
          yield* untilNothingIsLeft(where)
        })
      ),
    300_000
  )

  it.live(
    "does not hold its namespace, where that is deleted first",
    () =>
      onCluster(
        Effect.gen(function* () {
          const kubernetes = yield* Kubernetes
          const where = yield* namespace
          yield* Effect.forkScoped(operatorIn(where))
          yield* give(pipelineIn(where, DELETE))
          yield* untilReady(where)
          yield* kubernetes.remove(Kinds.namespace, { name: where })
          yield* eventually(
            "the namespace is gone",
            Effect.map(kubernetes.get(Kinds.namespace, { name: where }), (one) => one === undefined),
            "120 seconds",
            "500 millis"
          )
        })
      ),
    300_000
  )
})
