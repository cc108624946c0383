/** One sample of a metric. */
export interface Sample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

/** All samples of one metric. */
export interface Family {
  readonly name: string
  readonly type: string
  readonly help: string
  readonly samples: ReadonlyArray<Sample>
}

const NAME = "[a-zA-Z_:][a-zA-Z0-9_:]*"
const HEAD = new RegExp(`^# (HELP|TYPE) (${NAME}) (.+)$`, "u")
const SAMPLE = new RegExp(`^(${NAME})(?:\\{(.*)\\})? (\\S+)$`, "u")
const LABEL = /([a-zA-Z_]\w*)="((?:[^"\\\n]|\\["\\n])*)"(?:,|$)/uy
const TYPES = new Set(["counter", "gauge", "histogram", "summary"])

/** Reads Prometheus' text format, and throws at the first thing that Prometheus, or who queries it, would not like. */
export const parseExposition = (text: string): ReadonlyArray<Family> => {
  if (!text.endsWith("\n")) throw new Error("the last line has no end")
  const families = new Map<string, { name: string; type: string; help: string; samples: Array<Sample> }>()
  let current: { name: string; type: string; help: string; samples: Array<Sample> } | undefined
  for (const line of text.slice(0, -1).split("\n")) {
    const [, keyword, name, rest] = HEAD.exec(line) ?? []
    if (keyword === "HELP") {
      if (families.has(name!)) throw new Error(`${name} is in two places`)
      current = { name: name!, type: "", help: rest!, samples: [] }
      families.set(name!, current)
    } else if (keyword === "TYPE") {
      if (current?.name !== name) throw new Error(`${name} has no description`)
      if (!TYPES.has(rest!)) throw new Error(`${name} is of an unknown type: ${rest}`)
      current!.type = rest!
    } else {
      current?.samples.push(parseSample(line, current.name, current.type))
      if (current === undefined) throw new Error(`before any metric: ${line}`)
    }
  }
  const all = [...families.values()]
  all.forEach(check)
  return all
}

const parseSample = (line: string, family: string, type: string): Sample => {
  const [, name, inside = "", text] = SAMPLE.exec(line) ?? []
  if (name === undefined) throw new Error(`no sample: ${line}`)
  const suffixes = type === "histogram" ? ["_bucket", "_sum", "_count"] : [""]
  if (!suffixes.some((suffix) => name === family + suffix)) throw new Error(`${line} is none of ${family}'s`)
  const value = text === "+Inf" ? Infinity : text === "-Inf" ? -Infinity : Number(text)
  if (Number.isNaN(value)) throw new Error(`no number: ${line}`)
  const labels: Record<string, string> = {}
  LABEL.lastIndex = 0
  while (LABEL.lastIndex < inside.length) {
    const [, label, labelValue] = LABEL.exec(inside) ?? []
    if (label === undefined || label in labels) throw new Error(`wrong labels: ${line}`)
    labels[label] = labelValue!
  }
  return { name, labels, value }
}

const seriesOf = ({ labels, name }: Sample): string =>
  JSON.stringify([name, Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1))])

const check = ({ name, samples, type }: Family): void => {
  const series = new Set(samples.map(seriesOf))
  if (series.size !== samples.length) throw new Error(`${name} has a series twice`)
  if (samples.length === 0) throw new Error(`${name} has no sample`)
  if ((type === "counter") !== name.endsWith("_total")) throw new Error(`${name} is a ${type}`)
  if (type === "counter" && samples.some(({ value }) => value < 0)) throw new Error(`${name} counts below zero`)
  if (type === "histogram") checkBuckets(name, samples)
}

/** Buckets add up, the last one takes all, and there are as many of every series. */
const checkBuckets = (name: string, samples: ReadonlyArray<Sample>): void => {
  const groups = Map.groupBy(samples, ({ labels }) => JSON.stringify({ ...labels, le: undefined }))
  for (const [group, all] of groups) {
    const buckets = all.filter((sample) => sample.name === `${name}_bucket`)
    const bounds = buckets.map(({ labels }) => (labels["le"] === "+Inf" ? Infinity : Number(labels["le"])))
    const count = all.find((sample) => sample.name === `${name}_count`)?.value
    const isRising = (values: ReadonlyArray<number>, step: (a: number, b: number) => boolean) =>
      values.every((value, n) => n === 0 || step(values[n - 1]!, value))
    const isWhole =
      bounds.at(-1) === Infinity &&
      buckets.at(-1)!.value === count &&
      all.some((sample) => sample.name === `${name}_sum`) &&
      isRising(bounds, (a, b) => a < b) &&
      isRising(
        buckets.map(({ value }) => value),
        (a, b) => a <= b
      )
    if (!isWhole) throw new Error(`${name} ${group} is no histogram`)
  }
}
