import { assert, layer } from "@effect/vitest"
import { isViolated, renderFindings } from "@flowforge/embedded/audit"
import { Effect } from "effect"
import { vi } from "vitest"
import { layerCluster, readInstallation } from "../../stories/cluster.ts"
import { Driver } from "../../stories/driver.ts"
import { change, held, imagesOf, podsOf, runs, until } from "../change.ts"
import { kubectl } from "../kubectl.ts"
import { type LoadReport, openLoad } from "../load.ts"
import { conditionOf } from "../pipeline.ts"

vi.setConfig({ testTimeout: 600_000 })

const installation = readInstallation()
const { access, apiUrl, image, namespace, nextImage, pipeline } = installation
const PER_SECOND = 10

/** Orders keep coming while this happens. */
const underLoad = (what: () => Promise<unknown>): Effect.Effect<LoadReport> =>
  Effect.promise(async () => {
    const load = openLoad(apiUrl, PER_SECOND)
    try {
      await what()
    } finally {
      await load.stop()
    }
    return load.stop()
  })

/** No request failed, no order is lost, no effect came twice. */
const nothingLost = Effect.fnUntraced(function* ({ accepted, failed, sent }: LoadReport) {
  assert.deepStrictEqual(failed, [])
  assert.strictEqual(accepted.length, sent)
  const driver = yield* Driver
  yield* driver.atRest
  const { length: expectedDeadLetters } = yield* driver.openDeadLetters
  const findings = yield* driver.audit({ accepted, expectedDeadLetters })
  assert.deepStrictEqual(findings.filter(isViolated), [], renderFindings(findings))
})

layer(layerCluster(installation), { excludeTestServices: true, timeout: "180 seconds" })("a rollout", (it) => {
  it.effect("under load brings the new image to every process, and no request fails", () =>
    Effect.gen(function* () {
      const report = yield* underLoad(async () => {
        await change(installation, { image: nextImage })
        await runs(installation, nextImage)
      })
      assert.deepStrictEqual(yield* Effect.promise(() => imagesOf(installation)), [nextImage])
      yield* nothingLost(report)
    })
  )

  it.effect("goes on where the operator is killed in the middle of it", () =>
    Effect.gen(function* () {
      const report = yield* underLoad(async () => {
        await change(installation, { image })
        await until("the rollout is under way", async () => (await imagesOf(installation)).length > 1)
        const operators = ["pods", "--namespace", namespace, "--selector", "app.kubernetes.io/name=flowforge-operator"]
        await kubectl(access, ["delete", ...operators, "--force", "--grace-period=0"])
        await runs(installation, image)
      })
      assert.deepStrictEqual(yield* Effect.promise(() => imagesOf(installation)), [image])
      yield* nothingLost(report)
    })
  )

  it.effect("with a configuration that cannot work is held with the reason, while the old processes serve on", () =>
    Effect.gen(function* () {
      const report = yield* underLoad(async () => {
        await change(installation, {
          progressDeadlineSeconds: 30,
          services: { order: { env: { DATABASE_CONNECTIONS: { value: "many" } } } }
        })
        const stalled = conditionOf(await held(installation), "Stalled")!
        assert.match(stalled.message, /DATABASE_CONNECTIONS/u)
        await change(installation, {
          progressDeadlineSeconds: 240,
          services: { order: { env: { DATABASE_CONNECTIONS: null } } }
        })
        await runs(installation, image)
      })
      yield* nothingLost(report)
    })
  )

  it.effect("to more and fewer of each process loses nothing", () =>
    Effect.gen(function* () {
      const ready = (component: string, count: number) => async () => {
        const pods = await podsOf(
          installation,
          `app.kubernetes.io/instance=${pipeline},app.kubernetes.io/component=${component}`
        )
        const here = pods.filter(({ metadata }) => metadata.deletionTimestamp === undefined)
        const isReady = ({ status }: any) => status.containerStatuses?.every(({ ready }: any) => ready) === true
        return here.length === count && here.every(isReady)
      }
      const report = yield* underLoad(async () => {
        await change(installation, { services: { api: { replicas: 2 }, order: { replicas: 2 } } })
        await until("two of each", ready("api", 2))
        await until("two of each", ready("order", 2))
        await change(installation, { services: { api: { replicas: 1 }, order: { replicas: 1 } } })
        await until("one of each", ready("api", 1))
        await until("one of each", ready("order", 1))
        await runs(installation, image)
      })
      yield* nothingLost(report)
    })
  )
})
