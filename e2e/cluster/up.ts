import { tmpdir } from "node:os"
import { join } from "node:path"
import { ensureCluster, NODE_PORTS } from "./cluster.ts"
import { applyDependencies, dependenciesReady, dependencyImages, ensureNamespace } from "./dependencies.ts"
import { firstOrder } from "./first-order.ts"
import { gather } from "./gather.ts"
import { buildImage, loadImages } from "./images.ts"
import { installDefinitions, installOperator, installPipeline } from "./install.ts"
import { pipelineReady } from "./pipeline.ts"
import { readSettings, type Settings } from "./settings.ts"
import { makeStages, type Stages } from "./stages.ts"
import { needTools } from "./tools.ts"

// `npm run cluster:up`: a kind cluster with everything in it, and one order through it. Run again, it goes on: what is as it
// should be is left alone, and an image that changed is rolled out.

const SYSTEM = "flowforge-system"
const NAMESPACE = "flowforge"
const PIPELINE = "flowforge"
const ROLLOUT_PATIENCE_MILLIS = 600_000

const bringUp = async (settings: Settings, image: string, { run }: Stages): Promise<void> => {
  const access = { kubeconfig: settings.kubeconfig }
  await run("images into the cluster", async () => loadImages(settings.name, [image, ...(await dependencyImages())]))
  await run("dependencies, definitions, operator", async (say) => {
    await ensureNamespace(access, NAMESPACE)
    await ensureNamespace(access, SYSTEM)
    await applyDependencies(access, { namespace: NAMESPACE, image, s3NodePort: NODE_PORTS.s3 })
    await installDefinitions(access, SYSTEM)
    await Promise.all([
      installOperator(access, SYSTEM, { image, replicas: 1 }),
      dependenciesReady(access, NAMESPACE, say)
    ])
  })
  await run(`OrderPipeline ${PIPELINE}`, async (say) => {
    await installPipeline(access, {
      name: PIPELINE,
      namespace: NAMESPACE,
      values: {
        "pipeline.image": image,
        "pipeline.aws.s3.publicEndpoint.value": `http://localhost:${settings.s3Port}`,
        publicUrl: `http://localhost:${settings.apiPort}`,
        "expose.type": "NodePort",
        "expose.nodePort.port": NODE_PORTS.api
      }
    })
    await pipelineReady(access, { namespace: NAMESPACE, name: PIPELINE, patience: ROLLOUT_PATIENCE_MILLIS, say }, image)
  })
}

const advice = ({ apiPort, kubeconfig }: Settings, order: { readonly receiptUrl: string }): string => `
The API             http://localhost:${apiPort}/docs
The first receipt   ${order.receiptUrl}
kubectl and helm    export KUBECONFIG=${kubeconfig}
What there is       kubectl get orderpipelines,pods --namespace ${NAMESPACE}
Gone with           npm run cluster:down
`

const main = async (): Promise<void> => {
  const settings = readSettings()
  const stages = makeStages()
  await needTools(["docker", "kind", "kubectl", "helm"])
  const image = settings.image ?? (await stages.run("image of this checkout", buildImage))
  await stages.run(`kind cluster ${settings.name}`, () => ensureCluster(settings))
  try {
    await bringUp(settings, image, stages)
    const order = await stages.run("an order, confirmed; its receipt, opened", () =>
      firstOrder(`http://localhost:${settings.apiPort}`)
    )
    process.stdout.write(`\nUp in ${stages.seconds().toFixed(0)} s.\n${advice(settings, order)}`)
  } catch (error) {
    const folder = join(tmpdir(), `flowforge-${settings.name}`)
    await gather({ kubeconfig: settings.kubeconfig }, [NAMESPACE, SYSTEM], folder)
    process.stderr.write(`\nObjects, events and logs are in ${folder}\n`)
    throw error
  }
}

main().catch((error: Error) => {
  process.stderr.write(`\n${error.message}\n`)
  process.exitCode = 1
})
