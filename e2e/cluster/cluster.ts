import { mkdir, rm } from "node:fs/promises"
import { createServer } from "node:net"
import { dirname } from "node:path"
import { attempt, run } from "./run.ts"
import type { Settings } from "./settings.ts"

/** The ports of the node that lead to the API and to S3; kind maps ports of this machine to them. */
export const NODE_PORTS = { api: 30_080, s3: 30_070 } as const

export class PortTaken extends Error {}
export class ClusterDown extends Error {}

const node = ({ name }: Pick<Settings, "name">): string => `${name}-control-plane`

export const clusterExists = async ({ name }: Pick<Settings, "name">): Promise<boolean> =>
  (await run("kind", ["get", "clusters"])).split("\n").includes(name)

const config = ({ apiPort, s3Port }: Settings): string =>
  JSON.stringify({
    kind: "Cluster",
    apiVersion: "kind.x-k8s.io/v1alpha4",
    nodes: [
      {
        role: "control-plane",
        extraPortMappings: [
          { containerPort: NODE_PORTS.api, hostPort: apiPort, listenAddress: "127.0.0.1" },
          { containerPort: NODE_PORTS.s3, hostPort: s3Port, listenAddress: "127.0.0.1" }
        ]
      }
    ]
  })

/** Fails where somebody listens there already. */
const isFree = (port: number, name: string): Promise<void> =>
  new Promise((resolve, reject) => {
    const server = createServer()
    server.once("error", ({ message }) =>
      reject(new PortTaken(`Port ${port} is taken (${message}). Another one: ${name}=<port> npm run cluster:up`))
    )
    server.listen(port, "127.0.0.1", () => server.close(() => resolve()))
  })

/** A cluster keeps the ports that it was made with. */
const hasPorts = async (settings: Settings): Promise<void> => {
  for (const [name, wanted, inside] of [
    ["API_PORT", settings.apiPort, NODE_PORTS.api],
    ["S3_PORT", settings.s3Port, NODE_PORTS.s3]
  ] as const) {
    const mapped = (await attempt("docker", ["port", node(settings), `${inside}/tcp`]))?.trim().split(":").at(-1)
    if (mapped !== String(wanted)) {
      throw new PortTaken(
        mapped === undefined
          ? `Cluster ${settings.name} was not made by cluster:up: take another CLUSTER_NAME, or npm run cluster:down first.`
          : `Cluster ${settings.name} has ${name} ${mapped}, not ${wanted}: say ${name}=${mapped}, or npm run cluster:down first.`
      )
    }
  }
}

const VERSIONED = /^kindest\/node:v1\.(\d+)\.(\d+)$/u
/** The oldest that the charts take. */
const OLDEST_MINOR = 30

/** The newest node image that is on this machine and that the charts take. */
const localNodeImage = async (): Promise<string | undefined> => {
  const list = (await run("docker", ["images", "kindest/node", "--format", "{{.Repository}}:{{.Tag}}"])).split("\n")
  const versions = list.flatMap((image) => {
    const [, minor, patch] = VERSIONED.exec(image) ?? []
    return minor === undefined ? [] : [{ image, minor: Number(minor), patch: Number(patch) }]
  })
  return versions
    .filter(({ minor }) => minor >= OLDEST_MINOR)
    .toSorted((one, other) => other.minor - one.minor || other.patch - one.patch)[0]?.image
}

/** One whose making was cut short, or whose node was stopped, is there and of no use. */
const isUp = async ({ kubeconfig, name }: Settings): Promise<boolean> => {
  const running = await attempt("docker", ["inspect", "--format", "{{.State.Running}}", node({ name })])
  if (running?.trim() !== "true") return false
  const exported = await attempt("kind", ["export", "kubeconfig", "--name", name, "--kubeconfig", kubeconfig])
  const ready = ["get", "--raw", "/readyz", "--request-timeout", "10s"]
  return exported !== undefined && (await attempt("kubectl", ready, { env: { KUBECONFIG: kubeconfig } })) !== undefined
}

/** Makes the cluster where it is not there yet; either way its kubeconfig is written. */
export const ensureCluster = async (settings: Settings): Promise<"made" | "found"> => {
  await mkdir(dirname(settings.kubeconfig), { recursive: true })
  if (await clusterExists(settings)) {
    if (!(await isUp(settings))) {
      const start = `docker start ${node(settings)}`
      throw new ClusterDown(
        `Cluster ${settings.name} is there and does not answer: ${start}, or npm run cluster:down first.`
      )
    }
    await hasPorts(settings)
    return "found"
  }
  await isFree(settings.apiPort, "API_PORT")
  await isFree(settings.s3Port, "S3_PORT")
  const image = settings.nodeImage ?? (await localNodeImage())
  const args = ["create", "cluster", "--name", settings.name, "--kubeconfig", settings.kubeconfig]
  const more = ["--config", "-", "--wait", "180s", ...(image === undefined ? [] : ["--image", image])]
  await run("kind", [...args, ...more], { input: config(settings) })
  return "made"
}

export const removeCluster = async (settings: Settings): Promise<void> => {
  await run("kind", ["delete", "cluster", "--name", settings.name, "--kubeconfig", settings.kubeconfig])
  await rm(settings.kubeconfig, { force: true })
}
