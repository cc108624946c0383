import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"

const LOOK_MILLIS = 20

/** A process, told apart from a later one with the same id by when it started. */
interface Holder {
  readonly pid: number
  readonly startedAt: string | undefined
}

/**
 * Takes the folder for this process alone; answers what gives it back. Two at once on one ledger would each not know
 * what the other captures. The lock of a killed process is taken over.
 */
export const lockFolder = async (folder: string, patienceMillis: number): Promise<() => void> => {
  const path = join(folder, "ledger.lock")
  const mine = `${path}.${process.pid}`
  const me: Holder = { pid: process.pid, startedAt: startOf(process.pid) }
  const deadline = performance.now() + patienceMillis
  for (;;) {
    const found = textOf(path)
    const holder = found === undefined ? undefined : holderIn(found)
    if (holder !== undefined && isAlive(holder)) {
      if (performance.now() > deadline) throw new Error(`it is in use by process ${holder.pid}`)
      await sleep(LOOK_MILLIS)
      continue
    }
    if (found !== undefined) clearAway(path, found)
    // Linked, so that it appears with its content or not at all.
    writeFileSync(mine, JSON.stringify(me))
    const isMine = link(mine, path)
    rmSync(mine)
    if (isMine) return () => rmSync(path, { force: true })
  }
}

/** Removes a dead holder's lock, but not one that was taken in its place meanwhile. */
const clearAway = (path: string, dead: string): void => {
  const aside = `${path}.stale.${process.pid}`
  try {
    renameSync(path, aside)
  } catch {
    return
  }
  if (textOf(aside) !== dead) link(aside, path)
  rmSync(aside)
}

/** False when somebody else was faster. */
const link = (from: string, to: string): boolean => {
  try {
    linkSync(from, to)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error
    return false
  }
}

const textOf = (path: string): string | undefined => {
  try {
    return readFileSync(path, "utf8")
  } catch {
    return undefined
  }
}

const holderIn = (text: string): Holder | undefined => {
  try {
    return JSON.parse(text) as Holder
  } catch {
    return undefined
  }
}

const isAlive = (holder: Holder): boolean => {
  try {
    process.kill(holder.pid, 0)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EPERM") return false
  }
  return holder.startedAt === startOf(holder.pid)
}

/** When a process started, in the kernel's own units; undefined where the system does not tell. */
const startOf = (pid: number): string | undefined => {
  const stat = textOf(`/proc/${pid}/stat`)
  // The name in parentheses may hold spaces; start time is the 20th field after it.
  return stat?.slice(stat.lastIndexOf(")") + 2).split(" ")[19]
}
