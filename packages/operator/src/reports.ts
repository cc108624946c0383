import { Clock, Context, Effect, Layer } from "effect"
import { COMPONENT_LABEL, PORTS } from "./desired/index.ts"
import type { Manifest } from "./kubernetes/index.ts"
import { type GroupReport, isReady } from "./observed/index.ts"
import { type ProcessName, PROCESSES } from "./resource/index.ts"

/** What the processes of a pipeline say about themselves, from their management ports. */
export class Reports extends Context.Service<
  Reports,
  {
    /** From one ready pod of each consumer group; all members of a group see the same. Never older than 15 s. */
    readonly of: (pods: ReadonlyArray<Manifest>) => Effect.Effect<Readonly<Partial<Record<ProcessName, GroupReport>>>>
  }
>()("@flowforge/operator/Reports") {
  static readonly layer: Layer.Layer<Reports> = Layer.effect(
    Reports,
    Effect.sync(() => make((address) => fetchText(address)))
  )
}

const KEPT_MILLIS = 15_000
const BUDGET = "2 seconds"

const fetchText = (address: string) =>
  Effect.tryPromise(async (signal) => {
    const response = await fetch(address, { signal })
    if (!response.ok) throw new Error(`${address} answered ${response.status}`)
    return response.text()
  })

export const make = (read: (address: string) => Effect.Effect<string, unknown>): Reports["Service"] => {
  const kept = new Map<string, { readonly at: number; readonly report: GroupReport | undefined }>()
  const ask = Effect.fnUntraced(function* (pod: Manifest) {
    const uid = pod.metadata.uid ?? ""
    const now = yield* Clock.currentTimeMillis
    const known = kept.get(uid)
    if (known !== undefined && now - known.at < KEPT_MILLIS) return known.report
    const report = yield* read(`http://${pod.status?.podIP}:${PORTS.management}/metrics`).pipe(
      Effect.timeout(BUDGET),
      Effect.map(reportOf),
      Effect.catch(() => Effect.undefined)
    )
    for (const [other, { at }] of kept) if (now - at >= KEPT_MILLIS) kept.delete(other)
    kept.set(uid, { at: now, report })
    return report
  })
  return {
    of: (pods) =>
      Effect.forEach(
        PROCESSES.filter((process) => process !== "api"),
        (process) => {
          const pod = pods.find((one) => one.metadata.labels?.[COMPONENT_LABEL] === process && isReady(one))
          return pod === undefined
            ? Effect.succeed([])
            : Effect.map(ask(pod), (report) => (report === undefined ? [] : [[process, report] as const]))
        },
        { concurrency: "unbounded" }
      ).pipe(Effect.map((all) => Object.fromEntries(all.flat())))
  }
}

const SAMPLE = /^(?<metric>\w+)\{(?<labels>[^}]*)\} (?<value>\S+)/gmu
const LABEL = /(?<name>\w+)="(?<value>[^"]*)"/gu

/** The two gauges that count, out of Prometheus's text. */
export const reportOf = (text: string): GroupReport => {
  let lag = 0
  const deadLetters: Record<string, number> = {}
  for (const { groups } of text.matchAll(SAMPLE)) {
    const { labels = "", metric, value } = groups!
    const topic = [...labels.matchAll(LABEL)].find((label) => label.groups!["name"] === "topic")?.groups!["value"]
    if (metric === "flowforge_consumer_lag_messages") lag += Number(value)
    if (metric === "flowforge_dead_letters_open" && topic !== undefined) deadLetters[topic] = Number(value)
  }
  return { lag, deadLetters }
}
