import { assert, it } from "@effect/vitest"
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
    "leaves the replicas to an autoscaler as they are, through a rollout, and whatever it makes of them",
    () =>
      onCluster(
        Effect.gen(function* () {
          const kubernetes = yield* Kubernetes
          const where = yield* namespace
          const seen = new Set<number>()
          const look = Effect.map(
            found(Kinds.deployment, where, "shop-api"),
            (api) => void seen.add(api?.spec.replicas)
          )
          yield* Effect.forkScoped(operatorIn(where))
          yield* give(pipelineIn(where, { services: { api: { replicas: 2 } } }))
          yield* untilReady(where)
          yield* Effect.forkScoped(Effect.forever(Effect.andThen(look, Effect.sleep("100 millis"))))
          const services = { api: { autoscaling: { type: "CPU", minReplicas: 2, maxReplicas: 4 } } }
          yield* give(pipelineIn(where, { image: IMAGES[1], services }))
          yield* untilReady(where)
          assert.deepStrictEqual([...seen], [2])
          const { apiVersion, kind } = Kinds.deployment
          const spec = { replicas: 3 }
          yield* kubernetes.apply(
            { apiVersion, kind, metadata: { name: "shop-api", namespace: where }, spec },
            { manager: "autoscaler" }
          )
          yield* give(pipelineIn(where, { image: IMAGES[0], services }))
          yield* untilReady(where)
          assert.deepStrictEqual([...seen], [2, 3])
        })
      ),
    300_000
  )

  it.live(
    "is held where it asks for an autoscaler that the cluster does not have, and goes on without",
    () =>
      onCluster(
        Effect.gen(function* () {
          const where = yield* running
          const services = { order: { autoscaling: { type: "KEDA", maxReplicas: 2 } } }
          yield* give(pipelineIn(where, { image: IMAGES[1], services }))
          yield* untilHeld(where, "AutoscalerUnavailable")
          assert.deepStrictEqual(yield* imagesIn(where), all(IMAGES[0]))
          yield* give(pipelineIn(where, { image: IMAGES[1] }))
          yield* untilReady(where)
          assert.deepStrictEqual(yield* imagesIn(where), all(IMAGES[1]))
        })
      ),
    300_000
  )
})
