import { execFileSync } from "node:child_process"
import { readdirSync, readFileSync } from "node:fs"

const TICKS_PER_SECOND = 100

/** The processes of an embedded system: FlowForge itself, the payment company, PostgreSQL's first. */
export interface Pids {
  readonly system: number
  readonly gateway: number
  readonly postgres: number
}

/** The payment company and PostgreSQL are children of the system. */
export const pidsOf = (system: number): Pids => {
  const child = (pattern: string) =>
    Number(execFileSync("pgrep", ["-o", "-P", String(system), "-f", pattern], { encoding: "utf8" }).trim())
  return { system, gateway: child("gateway-simulator"), postgres: child("postgres") }
}

const statOf = (pid: number): ReadonlyArray<string> | undefined => {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8")
    return text.slice(text.lastIndexOf(")") + 2).split(" ")
  } catch {
    return undefined
  }
}

/** CPU a process has used so far, user and system, all threads: milliseconds. */
export const cpuMillis = (pid: number): number => {
  const stat = statOf(pid)
  return stat === undefined ? 0 : ((Number(stat[11]) + Number(stat[12])) * 1000) / TICKS_PER_SECOND
}

/** CPU of a process and all below it, those that have ended included: milliseconds. */
export const cpuMillisOfTree = (root: number): number => {
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
  const sum = (pid: number): number =>
    cpuMillis(pid) + (below.get(pid) ?? []).reduce((total, child) => total + sum(child), 0)
  return sum(root) + ended(root)
}

/** Resident memory of a process: megabytes. */
export const residentMegabytes = (pid: number): number => {
  try {
    return Number(/VmRSS:\s+(\d+)/u.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) / 1024
  } catch {
    return 0
  }
}
