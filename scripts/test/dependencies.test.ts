import { assert, describe, it } from "@effect/vitest"
import { build, missing, namedTwice, notRestricted, podsOf } from "./helm.ts"

const why = missing("kubectl")

describe.skipIf(why !== undefined)(`kustomize/dependencies${why === undefined ? "" : ` (${why})`}`, () => {
  const objects = why === undefined ? build("kustomize/dependencies") : []

  it("has a pod for each of what FlowForge stands on, restricted, with probes and a limit of memory", () => {
    const pods = podsOf(objects)
    assert.deepStrictEqual(pods.map(({ name }) => name).toSorted(), [
      "aws",
      "kafka",
      "payment-gateway",
      "postgres",
      "redis",
      "s3"
    ])
    assert.deepStrictEqual(pods.flatMap(notRestricted), [])
    for (const { spec } of pods) {
      for (const container of spec.containers) {
        assert.containsAllKeys(container, ["startupProbe", "readinessProbe", "livenessProbe"])
        assert.exists(container.resources.limits.memory)
      }
    }
  })

  it("keeps what must survive a pod on volumes: the log, the database, receipts, the payment company's ledger", () => {
    const kept = objects.filter(({ spec }) => spec?.volumeClaimTemplates !== undefined)
    assert.deepStrictEqual(kept.map(({ metadata }) => metadata.name).toSorted(), [
      "kafka",
      "payment-gateway",
      "postgres",
      "s3"
    ])
  })

  it("no pod has variables named after Services, which programs may take for settings", () => {
    for (const { name, spec } of podsOf(objects)) assert.isFalse(spec.enableServiceLinks, name)
  })

  it("no list has a name twice", () => {
    assert.deepStrictEqual(namedTwice(objects), [])
  })
})
