import { afterEach, assert, describe, it, vi } from "@effect/vitest"
import { readSettings, WrongSetting } from "./settings.ts"

afterEach(() => vi.unstubAllEnvs())

const given = (environment: Readonly<Record<string, string>>) => {
  for (const name of ["CLUSTER_NAME", "NODE_IMAGE", "API_PORT", "S3_PORT", "IMAGE"]) vi.stubEnv(name, "")
  for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value)
  return readSettings()
}

describe("what npm run cluster:up is told", () => {
  it("nothing means the usual ports, and a kubeconfig of its own", () => {
    const settings = given({ FLOWFORGE_CACHE: "/cache" })
    assert.deepStrictEqual(settings, {
      name: "flowforge",
      nodeImage: undefined,
      apiPort: 8080,
      s3Port: 9070,
      image: undefined,
      kubeconfig: "/cache/clusters/flowforge.kubeconfig"
    })
  })

  it.each([
    [{ API_PORT: "http" }, /API_PORT=http is not a port/u],
    [{ S3_PORT: "70000" }, /S3_PORT=70000 is not a port/u],
    [{ API_PORT: "9000", S3_PORT: "9000" }, /both 9000/u],
    [{ CLUSTER_NAME: "My Cluster" }, /CLUSTER_NAME=My Cluster is no name/u]
  ])("%o is refused by its name", (environment, message) => {
    assert.throws(() => given(environment as Record<string, string>), WrongSetting, message)
  })
})
