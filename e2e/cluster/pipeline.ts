import { setTimeout as sleep } from "node:timers/promises"
import { type Access, getJson } from "./kubectl.ts"

export interface PipelineCondition {
  readonly type: string
  readonly status: "True" | "False" | "Unknown"
  readonly reason: string
  readonly message: string
}

/** An OrderPipeline, as far as it is waited for. */
export interface Pipeline {
  readonly metadata: { readonly name: string; readonly generation: number; readonly uid: string }
  readonly status?: {
    readonly observedGeneration?: number
    readonly stage?: string
    readonly image?: { readonly current?: string; readonly target?: string }
    readonly services?: Readonly<Record<string, { readonly desired: number; readonly ready: number }>>
    readonly conditions?: ReadonlyArray<PipelineCondition>
  }
}

export class PipelineHeld extends Error {}
export class PipelineLate extends Error {}

export const readPipeline = (access: Access, namespace: string, name: string): Promise<Pipeline> =>
  getJson(access, ["orderpipeline", name, "--namespace", namespace])

/** Undefined while what the status says is about an older spec. */
export const conditionOf = ({ metadata, status }: Pipeline, type: string): PipelineCondition | undefined =>
  status?.observedGeneration === metadata.generation
    ? status.conditions?.find((condition) => condition.type === type)
    : undefined

/** What people would read in `kubectl get`. */
export const inWords = (pipeline: Pipeline): string => {
  const ready = conditionOf(pipeline, "Ready")
  if (ready === undefined) return "not seen by the operator yet"
  return `${pipeline.status?.stage ?? ""} ${ready.reason}: ${ready.message}`.trim()
}

const LOOK_EVERY_MILLIS = 500

export interface WaitOptions {
  readonly namespace: string
  readonly name: string
  /** Milliseconds. */
  readonly patience: number
  readonly say?: (detail: string) => void
}

/** Waits until the pipeline is as wanted. */
export const pipelineIs = async (
  access: Access,
  { name, namespace, patience, say }: WaitOptions,
  wanted: (pipeline: Pipeline) => boolean
): Promise<Pipeline> => {
  const until = performance.now() + patience
  for (;;) {
    const pipeline = await readPipeline(access, namespace, name)
    if (wanted(pipeline)) return pipeline
    say?.(inWords(pipeline))
    if (performance.now() > until) throw new PipelineLate(`OrderPipeline ${name} took too long: ${inWords(pipeline)}`)
    await sleep(LOOK_EVERY_MILLIS)
  }
}

export const isReady = (pipeline: Pipeline): boolean => conditionOf(pipeline, "Ready")?.status === "True"

/** Waits until it is ready with this image everywhere. A rollout that is held ends the wait, with its reason. */
export const pipelineReady = (access: Access, options: WaitOptions, image?: string): Promise<Pipeline> =>
  pipelineIs(access, options, (pipeline) => {
    const stalled = conditionOf(pipeline, "Stalled")
    if (stalled?.status === "True") {
      throw new PipelineHeld(`OrderPipeline ${options.name} is held. ${stalled.reason}: ${stalled.message}`)
    }
    return isReady(pipeline) && (image === undefined || pipeline.status?.image?.current === image)
  })
