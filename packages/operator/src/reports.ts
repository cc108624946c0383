import { INTERNAL_STATUS, InternalStatus } from "@flowforge/contracts"
import { Clock, Context, Effect, Layer, Schema } from "effect"
import { COMPONENT_LABEL, PIPELINE_LABEL, PORTS } from "./desired/index.ts"
import type { Manifest } from "./kubernetes/index.ts"
import { type GroupReport, isReady, readySince } from "./observed/index.ts"
import { CONSUMERS, type ProcessName } from "./resource/index.ts"

/** What the processes of a pipeline say about themselves, from their management ports. */
export class Reports extends Context.Service<
  Reports,
  {
    /** From one ready pod of each consumer group: all members of a group see the same. A pod is asked every 15 s at most. */
    readonly of: (pods: ReadonlyArray<Manifest>) => Effect.Effect<Readonly<Partial<Record<ProcessName, GroupReport>>>>
  }
>()("@flowforge/operator/Reports") {
  static readonly layer: Layer.Layer<Reports> = Layer.effect(
    Reports,
    Effect.sync(() => make((address) => fetchText(address)))
  )
}

const ASKED_EVERY = 15_000
/** So long a report counts when nobody answers any more: a busy pod is no reason to alarm people. */
const BELIEVED_FOR = 60_000
const BUDGET = "5 seconds"
/** So long a pod that has just become ready is left to join its group: what it said before would stand for 15 s. */
const SETTLING = 5_000
/** Pods of one group that are asked until one answers. */
const ASKED = 3

const fetchText = (address: string) =>
  Effect.tryPromise(async (signal) => {
    const response = await fetch(address, { signal })
    if (!response.ok) throw new Error(`${address} answered ${response.status}`)
    return response.text()
  })

interface Kept {
  readonly at: number
  readonly report: GroupReport | undefined
}

export const make = (read: (address: string) => Effect.Effect<string, unknown>): Reports["Service"] => {
  /** By the pod's UID, and by group: the last that was answered. */
  const kept = new Map<string, Kept>()
  const believed = new Map<string, Kept>()

  const ask = Effect.fnUntraced(function* (process: ProcessName, pod: Manifest, now: number) {
    const uid = pod.metadata.uid ?? ""
    const known = kept.get(uid)
    if (known !== undefined && now - known.at < ASKED_EVERY) return known.report
    const report = yield* read(`http://${pod.status?.podIP}:${PORTS.management}${INTERNAL_STATUS}`).pipe(
      Effect.timeout(BUDGET),
      Effect.flatMap(decode),
      Effect.map((status) => reportOf(process, status)),
      Effect.catch(() => Effect.undefined)
    )
    for (const [other, { at }] of kept) if (now - at >= ASKED_EVERY) kept.delete(other)
    kept.set(uid, { at: now, report })
    return report
  })

  const askGroup = Effect.fnUntraced(function* (process: ProcessName, pods: ReadonlyArray<Manifest>) {
    const now = yield* Clock.currentTimeMillis
    const ready = pods.filter(
      (one) => one.metadata.labels?.[COMPONENT_LABEL] === process && isReady(one) && now - readySince(one) >= SETTLING
    )
    const group = groupKey(process, pods)
    for (const pod of ready.slice(0, ASKED)) {
      const report = yield* ask(process, pod, now)
      if (report === undefined) continue
      believed.set(group, { at: now, report })
      return report
    }
    const last = believed.get(group)
    return last === undefined || now - last.at > BELIEVED_FOR ? undefined : last.report
  })

  return {
    of: (pods) =>
      Effect.forEach(
        CONSUMERS,
        (process) =>
          Effect.map(askGroup(process, pods), (report) => (report === undefined ? [] : [[process, report] as const])),
        { concurrency: "unbounded" }
      ).pipe(Effect.map((all) => Object.fromEntries(all.flat())))
  }
}

const groupKey = (process: ProcessName, pods: ReadonlyArray<Manifest>): string => {
  const { labels, namespace } = pods[0]?.metadata ?? {}
  return `${namespace}/${labels?.[PIPELINE_LABEL]} ${process}`
}

const decode = Schema.decodeUnknownEffect(Schema.fromJsonString(InternalStatus))

/** A group is named after its process, and so is what the process has to publish. */
const reportOf = (process: ProcessName, status: InternalStatus): GroupReport | undefined => {
  const group = status.groups[process]
  return group === undefined
    ? undefined
    : {
        members: group.members,
        lag: Object.values(group.lag).reduce((sum, lag) => sum + lag, 0),
        waitingSeconds: Math.max(group.oldest_unhandled_seconds, status.oldest_unpublished_seconds),
        deadLetters: group.dead_letters
      }
}
