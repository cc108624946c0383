import { setTimeout as sleep } from "node:timers/promises"
import { applyDependencies, dependenciesReady, ensureNamespace } from "./dependencies.ts"
import { installDefinitions, installOperator, installPipeline } from "./install.ts"
import { type Access, getJson, kubectl } from "./kubectl.ts"
import { pipelineReady } from "./pipeline.ts"
import type { Stages } from "./stages.ts"

/** An installation in a namespace of its own: the operator for it alone, what it stands on, and one pipeline. */
export interface Installation {
  readonly access: Access
  readonly namespace: string
  readonly pipeline: string
  readonly image: string
  /** The same program under another name: what a rollout brings. */
  readonly nextImage: string
  readonly apiUrl: string
  readonly s3Url: string
  /** What the pipeline was installed with. */
  readonly values: Readonly<Record<string, string | number>>
}

/** How the ports of the nodes are reached from here. */
export interface Outside {
  readonly apiNodePort?: number
  readonly s3NodePort?: number
  /** The address of what listens on a port of the nodes. */
  readonly urlOf: (nodePort: number) => string
}

export interface Order {
  readonly access: Access
  readonly namespace: string
  readonly image: string
  readonly nextImage: string
  readonly outside: Outside
}

export const PIPELINE = "shop"
const DEFINITION = "orderpipelines.flowforge.dev"
export const RUN_LABEL = "flowforge.dev/e2e"

const ROLLOUT_PATIENCE_MILLIS = 600_000

const nodePortOf = async (access: Access, namespace: string, service: string): Promise<number> =>
  (await getJson(access, ["service", service, "--namespace", namespace])).spec.ports[0].nodePort

const valuesOf = (image: string, apiUrl: string, s3Url: string, apiNodePort: number) => ({
  "pipeline.image": image,
  "pipeline.aws.s3.publicEndpoint.value": s3Url,
  publicUrl: apiUrl,
  "expose.type": "NodePort",
  "expose.nodePort.port": apiNodePort
})

/** A port for the API must be known before the API is: links lead to it. */
const apiPortOf = async (access: Access, namespace: string): Promise<number> => {
  const scout = ["service", "nodeport", "scout", "--tcp", "8080", "--namespace", namespace]
  await kubectl(access, ["create", ...scout])
  const port = await nodePortOf(access, namespace, "scout")
  await kubectl(access, ["delete", "service", "scout", "--namespace", namespace])
  return port
}

export const install = async (order: Order, { run }: Stages): Promise<Installation> => {
  const { access, image, namespace, nextImage, outside } = order
  await run(`dependencies and operator in ${namespace}`, async (say) => {
    await ensureNamespace(access, namespace, { [RUN_LABEL]: namespace })
    await applyDependencies(access, { namespace, image, ...outside })
    // Those of a cluster that is there are somebody's.
    const found = await kubectl(access, ["get", "crd", DEFINITION, "--ignore-not-found", "--output", "name"])
    if (found === "") await installDefinitions(access, namespace)
    await Promise.all([
      installOperator(access, namespace, { image, replicas: 2, watchNamespace: namespace, aggregateRoles: false }),
      dependenciesReady(access, namespace, say)
    ])
  })
  const apiNodePort = outside.apiNodePort ?? (await apiPortOf(access, namespace))
  const apiUrl = outside.urlOf(apiNodePort)
  const s3Url = outside.urlOf(await nodePortOf(access, namespace, "s3-outside"))
  const values = valuesOf(image, apiUrl, s3Url, apiNodePort)
  await run(`OrderPipeline ${PIPELINE}`, async (say) => {
    await installPipeline(access, { name: PIPELINE, namespace, values })
    await pipelineReady(access, { namespace, name: PIPELINE, patience: ROLLOUT_PATIENCE_MILLIS, say }, image)
  })
  return { access, namespace, pipeline: PIPELINE, image, nextImage, apiUrl, s3Url, values }
}

const GONE_WITHIN_MILLIS = 180_000

/** Deletes the namespaces of a run, by its label. */
export const uninstall = async (access: Access, run: string): Promise<void> => {
  const args = ["namespaces", "--selector", `${RUN_LABEL}=${run}`]
  await kubectl(access, ["delete", ...args, "--wait=false"])
  const until = performance.now() + GONE_WITHIN_MILLIS
  while ((await getJson(access, args)).items.length > 0) {
    if (performance.now() > until) throw new Error(`namespace ${run} does not go: kubectl describe namespace ${run}`)
    await sleep(1_000)
  }
}
