import { setTimeout as sleep } from "node:timers/promises"
import type { Installation } from "./installation.ts"
import { getJson, kubectl } from "./kubectl.ts"
import { conditionOf, isReady, type Pipeline, pipelineIs } from "./pipeline.ts"

const PATIENCE_MILLIS = 240_000
const LOOK_EVERY_MILLIS = 250

const place = ({ namespace, pipeline }: Installation) => ({ namespace, name: pipeline, patience: PATIENCE_MILLIS })

/** Changes the pipeline's spec as people do: a merge patch. */
export const change = ({ access, namespace, pipeline }: Installation, spec: object): Promise<string> =>
  kubectl(
    access,
    `patch orderpipeline ${pipeline} --namespace ${namespace} --type merge --patch`
      .split(" ")
      .concat(JSON.stringify({ spec }))
  )

/** Everything runs this image and is ready. */
export const runs = (installation: Installation, image: string): Promise<Pipeline> =>
  pipelineIs(
    installation.access,
    place(installation),
    (pipeline) => isReady(pipeline) && pipeline.status?.image?.current === image
  )

/** Events flow as they should. */
export const ready = (installation: Installation): Promise<Pipeline> =>
  pipelineIs(installation.access, place(installation), isReady)

/** Every process has been given this image, and serves. Whether events flow as they should shows later. */
export const rolledOut = (installation: Installation, image: string): Promise<Pipeline> =>
  pipelineIs(
    installation.access,
    place(installation),
    (pipeline) =>
      conditionOf(pipeline, "ServicesAvailable")?.status === "True" &&
      pipeline.status?.stage === "Running" &&
      pipeline.status.image?.current === image
  )

export const held = (installation: Installation): Promise<Pipeline> =>
  pipelineIs(
    installation.access,
    place(installation),
    (pipeline) => conditionOf(pipeline, "Stalled")?.status === "True"
  )

// oxlint-disable-next-line typescript/no-explicit-any -- objects as the API server has them
export const podsOf = async ({ access, namespace }: Installation, selector: string): Promise<ReadonlyArray<any>> =>
  (await getJson(access, ["pods", "--namespace", namespace, "--selector", selector])).items

/** Waits until it holds. */
export const until = async (what: string, holds: () => Promise<boolean>): Promise<void> => {
  const deadline = performance.now() + PATIENCE_MILLIS
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`waited in vain: ${what}`)
    await sleep(LOOK_EVERY_MILLIS)
  }
}

/** Its Service leads to pods that are ready: kube-proxy hears of them a moment after everybody else. */
export const isReached = ({ apiUrl }: Installation): Promise<void> =>
  until("the API is reached", () =>
    fetch(`${apiUrl}/health/ready`).then(
      ({ ok }) => ok,
      () => false
    )
  )

/** The images that the ready pods of the pipeline run, each once. */
export const imagesOf = async (installation: Installation): Promise<ReadonlyArray<string>> => {
  const pods = await podsOf(
    installation,
    `app.kubernetes.io/name=flowforge,app.kubernetes.io/instance=${installation.pipeline}`
  )
  const running = pods.filter(
    ({ metadata, status }) => status.phase === "Running" && metadata.deletionTimestamp === undefined
  )
  return [...new Set(running.map(({ spec }) => spec.containers[0].image as string))]
}

/** So many pods of a process are ready, and no others are there. */
export const isScaledTo = async (installation: Installation, component: string, replicas: number): Promise<boolean> => {
  const selector = `app.kubernetes.io/instance=${installation.pipeline},app.kubernetes.io/component=${component}`
  const pods = (await podsOf(installation, selector)).filter(({ metadata }) => metadata.deletionTimestamp === undefined)
  const isReady = (pod: {
    readonly status: { readonly containerStatuses?: ReadonlyArray<{ readonly ready: boolean }> }
  }) => pod.status.containerStatuses?.every(({ ready }) => ready) === true
  return pods.length === replicas && pods.every(isReady)
}
