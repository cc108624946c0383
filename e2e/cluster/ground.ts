import { mkdtemp } from "node:fs/promises"
import { homedir, tmpdir } from "node:os"
import { join } from "node:path"
import { freePort } from "@flowforge/platform/child-process"
import { isKind, kindOf } from "./arguments.ts"
import { ensureCluster, NODE_PORTS, removeCluster } from "./cluster.ts"
import { type Outside, uninstall } from "./installation.ts"
import { type Access, getJson } from "./kubectl.ts"
import type { Settings } from "./settings.ts"

/** A cluster to test in, and how it is left. */
export interface Ground {
  readonly access: Access
  readonly outside: Outside
  /** The cluster's name, of kind: images go there by hand. */
  readonly kind: string | undefined
  /** Made for this run, and nobody else's. */
  readonly isOwn: boolean
  readonly leave: () => Promise<void>
}

/** Settings of a cluster that nobody else has, on ports that are free. */
export const ownSettings = async (name: string): Promise<Settings> => ({
  name,
  nodeImage: process.env["NODE_IMAGE"] || undefined,
  apiPort: await freePort(),
  s3Port: await freePort(),
  image: undefined,
  kubeconfig: join(await mkdtemp(join(tmpdir(), "flowforge-e2e-")), "kubeconfig")
})

/** One that is made only half is removed. */
export const ownCluster = async (settings: Settings): Promise<Ground> => {
  const leave = () => removeCluster(settings)
  try {
    await ensureCluster(settings)
  } catch (error) {
    await leave()
    throw error
  }
  const ports = new Map<number, number>([
    [NODE_PORTS.api, settings.apiPort],
    [NODE_PORTS.s3, settings.s3Port]
  ])
  return {
    access: { kubeconfig: settings.kubeconfig },
    outside: {
      apiNodePort: NODE_PORTS.api,
      s3NodePort: NODE_PORTS.s3,
      urlOf: (nodePort) => `http://127.0.0.1:${ports.get(nodePort)}`
    },
    kind: settings.name,
    isOwn: true,
    leave
  }
}

/** A cluster that is there: its nodes are spoken to by their own addresses. */
export const givenCluster = async (context: string, namespace: string): Promise<Ground> => {
  const access = { kubeconfig: process.env["KUBECONFIG"] || join(homedir(), ".kube", "config"), context }
  const { items } = await getJson(access, ["nodes"])
  const { address } = items[0].status.addresses.find(({ type }: { readonly type: string }) => type === "InternalIP")
  return {
    access,
    outside: { urlOf: (nodePort) => `http://${address}:${nodePort}` },
    kind: isKind(context) ? kindOf(context) : undefined,
    isOwn: false,
    leave: () => uninstall(access, namespace)
  }
}
