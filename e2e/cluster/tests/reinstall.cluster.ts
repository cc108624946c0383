import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { vi } from "vitest"
import { isSmoke, layerCluster, readInstallation } from "../../stories/cluster.ts"
import { Driver } from "../../stories/driver.ts"
import { endOf, look, place, stockOf } from "../../stories/told/shopping.ts"
import { isReached, podsOf, runs, until } from "../change.ts"
import { installPipeline, testRelease, uninstallRelease } from "../install.ts"

vi.setConfig({ testTimeout: 600_000 })

const installation = readInstallation()
const { access, apiUrl, image, namespace, operatorNamespace, pipeline, values } = installation
const ITEM = 20

layer(layerCluster(installation), { excludeTestServices: true, timeout: "180 seconds" })("an installation", (it) => {
  it.effect("says of itself that it works: helm test", () =>
    Effect.promise(async () => {
      assert.match(await testRelease(access, pipeline, namespace), /Phase:\s+Succeeded/u)
      if (operatorNamespace === namespace) {
        assert.match(await testRelease(access, "flowforge-operator", namespace), /Phase:\s+Succeeded/u)
      }
    })
  )

  it.effect.skipIf(isSmoke)("that is uninstalled and installed again has its orders, its stock and its receipts", () =>
    Effect.gen(function* () {
      const id = yield* place({ items: [[ITEM, 1]] })
      yield* endOf(id)
      yield* Effect.flatMap(Driver, ({ atRest }) => atRest)
      const before = yield* look(id)
      const stock = yield* stockOf(ITEM)
      const receiptOf = Effect.promise(async () => (await fetch(`${apiUrl}/orders/${id}/receipt`)).text())
      const receipt = yield* receiptOf
      assert.include(receipt, id)
      yield* Effect.promise(async () => {
        await uninstallRelease(access, pipeline, namespace)
        const selector = `app.kubernetes.io/instance=${pipeline}`
        await until("nothing of it runs", async () => (await podsOf(installation, selector)).length === 0)
        await installPipeline(access, { name: pipeline, namespace, values })
        await runs(installation, image)
        await isReached(installation)
      })
      assert.deepStrictEqual(yield* look(id), before)
      assert.strictEqual(yield* stockOf(ITEM), stock)
      assert.strictEqual(yield* receiptOf, receipt)
      assert.strictEqual((yield* endOf(yield* place({ items: [[ITEM, 1]] }))).status, "CONFIRMED")
    })
  )
})
