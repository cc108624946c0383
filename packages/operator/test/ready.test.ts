import { assert, describe, it } from "@effect/vitest"
import { listen } from "@flowforge/platform/http"
import { Effect, Layer } from "effect"
import { layerManagement } from "../src/layer.ts"
import { definition } from "../src/resource/index.ts"
import { Memory } from "./memory.ts"

const config = { namespace: "flowforge-system", identity: "first", watchNamespace: undefined }

/** What the management port of an operator answers whose cluster has this definition. */
const readyWith = (annotations?: Record<string, string>) =>
  Effect.gen(function* () {
    const memory = new Memory()
    if (annotations !== undefined) memory.put({ ...definition, metadata: { ...definition.metadata, annotations } })
    const listener = yield* listen({ host: "127.0.0.1", port: 0, variable: "MANAGEMENT_PORT" })
    yield* Layer.build(
      layerManagement(listener, { name: "operator", version: "1" }, config).pipe(Layer.provide(memory.layer()))
    )
    const answer = yield* Effect.promise(() => fetch(`http://127.0.0.1:${listener.port}/health/ready`))
    const { checks } = (yield* Effect.promise(() => answer.json())) as { readonly checks: Record<string, string> }
    return { status: answer.status, said: checks["custom-resource-definition"] }
  }).pipe(Effect.scoped)

describe("an operator's readiness", () => {
  it.live("says that the definition is missing, or which revision is needed", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* readyWith(), {
        status: 503,
        said: "orderpipelines.flowforge.dev is not installed"
      })
      const { said, status } = yield* readyWith({ "flowforge.dev/crd-revision": "0" })
      assert.strictEqual(status, 503)
      assert.include(said, "is of revision 0")
      assert.include(said, "upgrade flowforge-crds")
    })
  )
  it.live("is there when the definition is as new as the operator, or newer", () =>
    Effect.gen(function* () {
      const newer = { "flowforge.dev/crd-revision": "99" }
      assert.deepStrictEqual(yield* readyWith(definition.metadata.annotations), { status: 200, said: "ok" })
      assert.deepStrictEqual(yield* readyWith(newer), { status: 200, said: "ok" })
    })
  )
})
