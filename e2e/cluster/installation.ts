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
  /** The cluster was made for this run. */
  readonly isOwnCluster: boolean
  /** Where the operator is. In a namespace of somebody else's where it looks after all of them. */
  readonly operatorNamespace: string
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
  readonly isOwn: boolean
  readonly namespace: string
  readonly image: string
  readonly nextImage: string
  readonly outside: Outside
}

export const PIPELINE = "shop"
const WATCH_NAMESPACE = "OPERATOR_WATCH_NAMESPACE"
export const DEFINITION = "orderpipelines.flowforge.dev"
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

/** Where an operator is that looks after all namespaces: two would write the same objects. */
const operatorOfAll = async (access: Access): Promise<string | undefined> => {
  const args = ["deployments", "--all-namespaces", "--selector", "app.kubernetes.io/name=flowforge-operator"]
  const { items } = await getJson(access, args)
  const ofAll = items.find(
    // oxlint-disable-next-line typescript/no-explicit-any -- a Deployment
    ({ spec }: any) => !spec.template.spec.containers[0].env.some(({ name }: any) => name === WATCH_NAMESPACE)
  )
  return ofAll?.metadata.namespace
}

/** The operator that is there for all, or one for this namespace alone. Answers where it is. */
const ensureOperator = async (access: Access, namespace: string, image: string): Promise<string> => {
  const found = await operatorOfAll(access)
  if (found !== undefined) return found
  // Definitions of a cluster that is there are somebody's.
  const definition = await kubectl(access, ["get", "crd", DEFINITION, "--ignore-not-found", "--output", "name"])
  if (definition === "") await installDefinitions(access, namespace)
  await installOperator(access, namespace, { image, replicas: 2, watchNamespace: namespace, aggregateRoles: false })
  return namespace
}

export const install = async (order: Order, { run }: Stages): Promise<Installation> => {
  const { access, image, isOwn, namespace, nextImage, outside } = order
  const operatorNamespace = await run(`dependencies and operator in ${namespace}`, async (say) => {
    await ensureNamespace(access, namespace, { [RUN_LABEL]: namespace })
    await applyDependencies(access, { namespace, image, ...outside })
    const ready = dependenciesReady(access, namespace, say)
    const [at] = await Promise.all([ensureOperator(access, namespace, image), ready])
    return at
  })
  if (operatorNamespace !== namespace) {
    process.stdout.write(
      `  The operator in ${operatorNamespace} looks after all namespaces: it is the one that is tested.\n`
    )
  }
  const apiNodePort = outside.apiNodePort ?? (await apiPortOf(access, namespace))
  const apiUrl = outside.urlOf(apiNodePort)
  const s3Url = outside.urlOf(await nodePortOf(access, namespace, "s3-outside"))
  const values = valuesOf(image, apiUrl, s3Url, apiNodePort)
  await run(`OrderPipeline ${PIPELINE}`, async (say) => {
    await installPipeline(access, { name: PIPELINE, namespace, values })
    await pipelineReady(access, { namespace, name: PIPELINE, patience: ROLLOUT_PATIENCE_MILLIS, say }, image)
  })
  const place = { access, isOwnCluster: isOwn, namespace, operatorNamespace, pipeline: PIPELINE }
  return { ...place, image, nextImage, apiUrl, s3Url, values }
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
