import type { Manifest } from "../kubernetes/index.ts"
import { CONTAINER } from "../desired/index.ts"
import { conditionOf } from "./workload.ts"

interface ContainerState {
  readonly waiting?: { readonly reason?: string; readonly message?: string }
  readonly terminated?: { readonly reason?: string; readonly message?: string; readonly exitCode: number }
}

interface ContainerStatus {
  readonly name: string
  readonly ready: boolean
  readonly restartCount: number
  readonly state?: ContainerState
  readonly lastState?: ContainerState
}

const LONGEST = 600

/** The last line that means something; what a process says when it gives up is one line. */
export const lastLine = (text: string): string => {
  const lines = text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "")
  return sentenceOf(lines.at(-1) ?? "").slice(0, LONGEST)
}

/** Logs are JSON lines; what people need is the message. */
const sentenceOf = (line: string): string => {
  if (!line.startsWith("{")) return line.replace(/^flowforge: /u, "")
  try {
    const { message } = JSON.parse(line) as { readonly message?: unknown }
    return typeof message === "string" ? message : line
  } catch {
    return line
  }
}

const statusOf = (pod: Manifest): ContainerStatus | undefined =>
  pod.status?.containerStatuses?.find((one: ContainerStatus) => one.name === CONTAINER)

export const isReady = (pod: Manifest): boolean => statusOf(pod)?.ready === true

/** Milliseconds since 1970. */
export const readySince = (pod: Manifest): number => {
  const ready = conditionOf(pod, "Ready")
  return ready === undefined ? Number.NEGATIVE_INFINITY : Date.parse(ready.lastTransitionTime ?? "")
}

export const exitCodeOf = (pod: Manifest): number | undefined => {
  const status = statusOf(pod)
  return (status?.state?.terminated ?? status?.lastState?.terminated)?.exitCode
}

/** What a process left to be read when it ended as it should. */
export const reportIn = (pod: Manifest): string | undefined => {
  const ended = statusOf(pod)?.state?.terminated
  return ended?.exitCode === 0 ? ended.message : undefined
}

/** What keeps a pod from being ready, in the words of whoever knows: the process, the kubelet or the scheduler. */
export const troubleOf = (pod: Manifest, lastWords: string | undefined): string | undefined => {
  const status = statusOf(pod)
  // A Job's pod is ready as soon as it runs; only one that was listened to waits for something.
  if (status?.ready === true && lastWords === undefined) return undefined
  const died = status?.state?.terminated ?? status?.lastState?.terminated
  if (died !== undefined && died.exitCode !== 0)
    return lastLine(died.message ?? "") || `${died.reason ?? "Error"}, exit code ${died.exitCode}`
  const { message, reason } = status?.state?.waiting ?? {}
  if (reason !== undefined && reason !== "ContainerCreating" && reason !== "PodInitializing") {
    return message === undefined ? reason : `${reason}: ${lastLine(message)}`
  }
  const scheduled = conditionOf(pod, "PodScheduled")
  if (scheduled?.status === "False") return scheduled.message
  return lastWords === undefined || lastWords === "" ? undefined : lastLine(lastWords)
}
