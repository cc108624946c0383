import { loadAll } from "js-yaml"
import { apply, type Access, kubectl } from "./kubectl.ts"
import { run } from "./run.ts"
import { root } from "./settings.ts"

const PATIENCE = "300s"

/** The manifests of kustomize/dependencies, with this image for what is FlowForge's own. */
const manifestsWith = async (image: string): Promise<string> =>
  (await run("kubectl", ["kustomize", "kustomize/dependencies"], { cwd: root })).replaceAll(
    "image: flowforge:dev",
    `image: ${image}`
  )

/** S3 on a port of every node, for receipts are opened by browsers. The cluster chooses it where none is given. */
const outside = (nodePort: number | undefined): string =>
  JSON.stringify({
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "s3-outside" },
    spec: {
      type: "NodePort",
      selector: { "app.kubernetes.io/name": "s3" },
      ports: [{ name: "s3", port: 7070, targetPort: "s3", ...(nodePort === undefined ? {} : { nodePort }) }]
    }
  })

/** The images that the dependencies run. */
export const dependencyImages = async (): Promise<ReadonlyArray<string>> => {
  const found = [...(await manifestsWith("flowforge:dev")).matchAll(/^\s+image: (\S+)$/gmu)].map(([, image]) => image!)
  return [...new Set(found)].filter((image) => image !== "flowforge:dev")
}

/** A namespace in which only restricted pods may run. */
export const ensureNamespace = (access: Access, name: string, labels: Readonly<Record<string, string>> = {}) =>
  apply(
    access,
    name,
    JSON.stringify({
      apiVersion: "v1",
      kind: "Namespace",
      metadata: { name, labels: { "pod-security.kubernetes.io/enforce": "restricted", ...labels } }
    })
  )

export interface DependencyOptions {
  readonly namespace: string
  readonly image: string
  /** The port of the nodes that leads to S3. */
  readonly s3NodePort?: number
}

export const applyDependencies = async (access: Access, options: DependencyOptions): Promise<void> => {
  const manifests = await manifestsWith(options.image)
  await apply(access, options.namespace, `${manifests}\n---\n${outside(options.s3NodePort)}`)
}

/** Waits until each of them is ready; says which it waits for. */
export const dependenciesReady = async (
  access: Access,
  namespace: string,
  say: (detail: string) => void
): Promise<void> => {
  const waiting = (
    loadAll(await manifestsWith("flowforge:dev")) as ReadonlyArray<{ kind: string; metadata: { name: string } }>
  )
    .filter(({ kind }) => kind === "StatefulSet" || kind === "Deployment")
    .map(({ kind, metadata }) => `${kind.toLowerCase()}/${metadata.name}`)
  const left = new Set(waiting)
  await Promise.all(
    waiting.map(async (what) => {
      await kubectl(access, ["rollout", "status", what, "--namespace", namespace, "--timeout", PATIENCE])
      left.delete(what)
      if (left.size > 0) say(`waiting for ${[...left].join(", ")}`)
    })
  )
}
