import { readdirSync, readFileSync } from "node:fs"

const TICKS_PER_SECOND = 100

/** The processes that are measured. */
export interface Pids {
  /** FlowForge's own. */
  readonly system: ReadonlyArray<number>
  /** The payment company. */
  readonly gateway: number
  /** The first process of each server, by its name. */
  readonly servers: Readonly<Record<string, number>>
}

/** CPU used, as {@link Pids} names who used it. */
export interface Cpu {
  readonly system: number
  readonly gateway: number
  readonly servers: Readonly<Record<string, number>>
}

/** CPU that they have used so far: milliseconds. */
export const cpuOf = ({ gateway, servers, system }: Pids): Cpu => ({
  system: sum(system.map(cpuMillis)),
  gateway: cpuMillis(gateway),
  servers: Object.fromEntries(Object.entries(servers).map(([name, pid]) => [name, cpuMillisOfTree(pid)]))
})

/** What was used between two looks, a part of it for each of `parts`. Who used less than before is somebody new. */
export const cpuBetween = (before: Cpu, after: Cpu, parts: number): Cpu => {
  const part = (earlier: number, later: number) => (later < earlier ? later : later - earlier) / parts
  return {
    system: part(before.system, after.system),
    gateway: part(before.gateway, after.gateway),
    servers: Object.fromEntries(
      Object.entries(after.servers).map(([name, used]) => [name, part(before.servers[name] ?? 0, used)])
    )
  }
}

const sum = (numbers: ReadonlyArray<number>): number => numbers.reduce((total, number) => total + number, 0)

/** Children of a process whose command line has a word that matches. The shells that clean up after them name them as well. */
export const childrenOf = (parent: number, word: RegExp): ReadonlyArray<number> =>
  readdirSync("/proc").flatMap((name) => {
    const pid = Number(name)
    if (!Number.isInteger(pid) || Number(statOf(pid)?.[1]) !== parent) return []
    const words = wordsOf(pid)
    return words[0] !== "/bin/sh" && words.some((one) => word.test(one)) ? [pid] : []
  })

const wordsOf = (pid: number): ReadonlyArray<string> => {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0")
  } catch {
    return []
  }
}

/** The payment company and PostgreSQL are children of the embedded system. */
export const pidsOf = (system: number): Pids => ({
  system: [system],
  gateway: childrenOf(system, /gateway-simulator/u)[0] ?? 0,
  servers: { PostgreSQL: childrenOf(system, /postgres$/u)[0] ?? 0 }
})

const statOf = (pid: number): ReadonlyArray<string> | undefined => {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8")
    return text.slice(text.lastIndexOf(")") + 2).split(" ")
  } catch {
    return undefined
  }
}

/** CPU a process has used so far, user and system, all threads: milliseconds. */
const cpuMillis = (pid: number): number => {
  const stat = statOf(pid)
  return stat === undefined ? 0 : ((Number(stat[11]) + Number(stat[12])) * 1000) / TICKS_PER_SECOND
}

/** CPU of a process and all below it, those that have ended included: milliseconds. */
const cpuMillisOfTree = (root: number): number => {
  const below = new Map<number, Array<number>>()
  for (const name of readdirSync("/proc")) {
    const pid = Number(name)
    const stat = Number.isInteger(pid) ? statOf(pid) : undefined
    if (stat === undefined) continue
    const parent = Number(stat[1])
    below.set(parent, [...(below.get(parent) ?? []), pid])
  }
  const ended = (pid: number): number => {
    const stat = statOf(pid)
    return stat === undefined ? 0 : ((Number(stat[13]) + Number(stat[14])) * 1000) / TICKS_PER_SECOND
  }
  const withAllBelow = (pid: number): number => cpuMillis(pid) + sum((below.get(pid) ?? []).map(withAllBelow))
  return withAllBelow(root) + ended(root)
}

/** Resident memory of processes together, the pages of files that they share counted once: megabytes. */
export const residentMegabytes = (pids: ReadonlyArray<number>): number => {
  const held = pids.map(residentOf)
  return (sum(held.map(({ own }) => own)) + Math.max(0, ...held.map(({ ofFiles }) => ofFiles))) / 1024
}

const residentOf = (pid: number): { readonly own: number; readonly ofFiles: number } => {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "utf8")
    const kilobytes = (name: string) => Number(new RegExp(`${name}:\\s+(\\d+)`, "u").exec(status)?.[1] ?? 0)
    return { own: kilobytes("RssAnon"), ofFiles: kilobytes("RssFile") + kilobytes("RssShmem") }
  } catch {
    return { own: 0, ofFiles: 0 }
  }
}
