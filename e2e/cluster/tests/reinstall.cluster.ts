import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { vi } from "vitest"
import { isSmoke, layerCluster, readInstallation } from "../../stories/cluster.ts"
import { endOf, look, place, stockOf } from "../../stories/told/shopping.ts"
import { podsOf, runs, until } from "../change.ts"
import { installPipeline, uninstallPipeline } from "../install.ts"

vi.setConfig({ testTimeout: 600_000 })

const installation = readInstallation()
const { access, image, namespace, pipeline, values } = installation
const ITEM = 20

layer(layerCluster(installation), { excludeTestServices: true, timeout: "180 seconds" })("an installation", (it) => {
  it.effect.skipIf(isSmoke)("that is uninstalled and installed again has its orders, its stock and its receipts", () =>
    Effect.gen(function* () {
      const id = yield* place({ items: [[ITEM, 1]] })
      const before = yield* endOf(id)
      const stock = yield* stockOf(ITEM)
      yield* Effect.promise(async () => {
        await uninstallPipeline(access, pipeline, namespace)
        const selector = `app.kubernetes.io/instance=${pipeline}`
        await until("nothing of it runs", async () => (await podsOf(installation, selector)).length === 0)
        await installPipeline(access, { name: pipeline, namespace, values })
        await runs(installation, image)
      })
      assert.deepStrictEqual(yield* look(id), before)
      assert.strictEqual(yield* stockOf(ITEM), stock)
      assert.strictEqual((yield* endOf(yield* place({ items: [[ITEM, 1]] }))).status, "CONFIRMED")
    })
  )
})
