import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { vi } from "vitest"
import { isSmoke, layerCluster, readInstallation } from "../../stories/cluster.ts"
import { change, held, imagesOf, isScaledTo, rolledOut, until } from "../change.ts"
import { rollbackPipeline, upgradePipeline } from "../install.ts"
import { kubectl } from "../kubectl.ts"
import { nothingLost, underLoad } from "../nothing-lost.ts"
import { conditionOf } from "../pipeline.ts"

vi.setConfig({ testTimeout: 600_000 })

const installation = readInstallation()
const { access, image, namespace, nextImage, operatorNamespace, pipeline } = installation
const ownsOperator = operatorNamespace === namespace

const running = Effect.promise(() => imagesOf(installation))

layer(layerCluster(installation), { excludeTestServices: true, timeout: "180 seconds" })("a rollout", (it) => {
  it.effect("by helm upgrade brings the new image to every process under load, and no request fails", () =>
    Effect.gen(function* () {
      const report = yield* underLoad(installation, async () => {
        await upgradePipeline(access, { name: pipeline, namespace, values: { "pipeline.image": nextImage } })
        await rolledOut(installation, nextImage)
      })
      assert.deepStrictEqual(yield* running, [nextImage])
      yield* nothingLost(installation, report)
    })
  )

  it.effect("by helm rollback brings the old image back under load, and no request fails", () =>
    Effect.gen(function* () {
      const report = yield* underLoad(installation, async () => {
        await rollbackPipeline(access, pipeline, namespace)
        await rolledOut(installation, image)
      })
      assert.deepStrictEqual(yield* running, [image])
      yield* nothingLost(installation, report)
    })
  )

  it.effect.skipIf(isSmoke || !ownsOperator)("goes on where the operator is killed in the middle of it", () =>
    Effect.gen(function* () {
      const report = yield* underLoad(installation, async () => {
        await change(installation, { image: nextImage })
        await until("the rollout is under way", async () => (await imagesOf(installation)).length > 1)
        const operators = ["pods", "--namespace", namespace, "--selector", "app.kubernetes.io/name=flowforge-operator"]
        await kubectl(access, ["delete", ...operators, "--force", "--grace-period=0"])
        await rolledOut(installation, nextImage)
      })
      assert.deepStrictEqual(yield* running, [nextImage])
      yield* nothingLost(installation, report)
    })
  )

  it.effect.skipIf(isSmoke)(
    "with a configuration that cannot work is held with the reason, while the old processes serve on",
    () =>
      Effect.gen(function* () {
        const before = yield* running
        const report = yield* underLoad(installation, async () => {
          const wrong = { DATABASE_CONNECTIONS: { value: "many" } }
          await change(installation, { progressDeadlineSeconds: 30, services: { order: { env: wrong } } })
          const { message } = conditionOf(await held(installation), "Stalled")!
          assert.match(message, /DATABASE_CONNECTIONS/u)
          const mended = { DATABASE_CONNECTIONS: null }
          await change(installation, { progressDeadlineSeconds: 240, services: { order: { env: mended } } })
          await rolledOut(installation, before[0]!)
        })
        yield* nothingLost(installation, report)
      })
  )

  it.effect.skipIf(isSmoke)("to more of a process and back to one loses nothing", () =>
    Effect.gen(function* () {
      const scale = async (replicas: number): Promise<void> => {
        await change(installation, { services: { api: { replicas }, order: { replicas } } })
        for (const component of ["api", "order"]) {
          await until(`${replicas} of ${component}`, () => isScaledTo(installation, component, replicas))
        }
      }
      const report = yield* underLoad(installation, async () => {
        await scale(2)
        await scale(1)
      })
      yield* nothingLost(installation, report)
    })
  )
})
