import { assert, it } from "@effect/vitest"
import { eventually } from "@flowforge/testkit"
import { Effect } from "effect"
import { beforeAll } from "vitest"
import { Kinds, Kubernetes } from "../../src/kubernetes/index.ts"
import {
  conditionIn,
  describeCluster,
  found,
  give,
  IMAGES,
  imagesIn,
  namespace,
  onCluster,
  pipelineIn,
  prepareCluster,
  untilHeld,
  untilReady
} from "./harness.ts"
import { operatorIn } from "./operators.ts"

const all = (image: string) =>
  Object.fromEntries(["api", "inventory", "notification", "order", "payment"].map((name) => [`shop-${name}`, image]))

const reasonsIn = (namespace: string) =>
  Effect.flatMap(Kubernetes, (kubernetes) => kubernetes.list(Kinds.event, { namespace })).pipe(
    Effect.map(({ items }) =>
      items.flatMap((event: any) => (event.involvedObject.kind === "OrderPipeline" ? [event.reason as string] : []))
    )
  )

/** A pipeline that runs, and the operator beside it. */
const running = Effect.gen(function* () {
  const where = yield* namespace
  yield* Effect.forkScoped(operatorIn(where))
  yield* give(pipelineIn(where))
  yield* untilReady(where)
  return where
})

describeCluster("a rollout, on a real cluster", () => {
  beforeAll(prepareCluster, 120_000)

  it.live(
    "brings all processes to the image, then to the next one, and tells people by Events",
    () =>
      onCluster(
        Effect.gen(function* () {
          const where = yield* running
          assert.deepStrictEqual(yield* imagesIn(where), all(IMAGES[0]))
          yield* give(pipelineIn(where, { image: IMAGES[1], services: { api: { replicas: 2 } } }))
          yield* untilReady(where)
          assert.deepStrictEqual(yield* imagesIn(where), all(IMAGES[1]))
          const { status } = (yield* found(Kinds.orderPipeline, where, "shop"))!
          assert.deepStrictEqual(status.image, { current: IMAGES[1], target: IMAGES[1] })
          assert.deepInclude(status.services.api, { desired: 2, ready: 2, updated: 2 })
          assert.includeMembers([...(yield* reasonsIn(where))], ["Preparing", "Consumers", "Api", "Running"])
        })
      ),
    300_000
  )

  it.live(
    "is held with the words of the Job that failed, until it is tried again",
    () =>
      onCluster(
        Effect.gen(function* () {
          const where = yield* running
          const env = {
            PREPARE_FAILS: { value: "Migration 0042_x.sql does not allow it" },
            PREPARE_EXIT: { value: "21" }
          }
          yield* give(pipelineIn(where, { image: IMAGES[1], env }))
          yield* untilHeld(where, "MigrationRefused")
          const held = yield* found(Kinds.orderPipeline, where, "shop")
          assert.include(conditionIn(held, "Stalled")?.message, "Migration 0042_x.sql does not allow it")
          assert.strictEqual(conditionIn(held, "ServicesAvailable")?.status, "True")
          assert.deepStrictEqual(yield* imagesIn(where), all(IMAGES[0]))
          yield* give(pipelineIn(where, { image: IMAGES[1] }, { "flowforge.dev/retry": "1" }))
          yield* untilReady(where)
          assert.deepStrictEqual(yield* imagesIn(where), all(IMAGES[1]))
        })
      ),
    300_000
  )

  it.live(
    "is held where a process does not start, in its own words, and the API stays as it was",
    () =>
      onCluster(
        Effect.gen(function* () {
          const where = yield* running
          const services = { payment: { env: { PROCESS_FAILS: { value: "PAYMENT_GATEWAY_URL is wrong" } } } }
          yield* give(pipelineIn(where, { image: IMAGES[1], services }))
          yield* untilHeld(where, "RolloutStuck")
          const held = yield* found(Kinds.orderPipeline, where, "shop")
          assert.include(conditionIn(held, "Stalled")?.message, "PAYMENT_GATEWAY_URL is wrong")
          assert.strictEqual((yield* imagesIn(where))["shop-api"], IMAGES[0])
          assert.strictEqual(conditionIn(held, "ServicesAvailable")?.status, "True")
        })
      ),
    300_000
  )

  it.live(
    "goes, with all that belongs to it, when it is deleted, also while no operator is there",
    () =>
      onCluster(
        Effect.gen(function* () {
          const kubernetes = yield* Kubernetes
          const where = yield* namespace
          yield* Effect.scoped(
            Effect.gen(function* () {
              yield* Effect.forkScoped(operatorIn(where))
              yield* give(pipelineIn(where))
              yield* untilReady(where)
            })
          )
          yield* kubernetes.remove(Kinds.orderPipeline, { namespace: where, name: "shop" })
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
      ),
    300_000
  )
})
