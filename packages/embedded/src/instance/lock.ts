import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises"
import { dirname, join } from "node:path"
import { Effect, Schema, type Scope } from "effect"

/** The data folder cannot be used. `message` says why and what to do. */
export class DataFolderUnusable extends Schema.TaggedError<DataFolderUnusable>()("DataFolderUnusable", {
  message: Schema.String
}) {}

/** A process, told apart from a later one with the same id by when it started. */
interface Holder {
  readonly pid: number
  readonly startedAt: string | undefined
}

/**
 * Holds the data folder for this process alone, until the scope closes. A lock left by a killed process is taken
 * over.
 */
export const lockDataFolder = (folder: string): Effect.Effect<void, DataFolderUnusable, Scope.Scope> =>
  Effect.acquireRelease(
    inFolder(folder, () => acquire(folder)),
    () => Effect.promise(() => rm(lockPath(folder), { force: true }))
  )

/** Writes in the data folder; what is in the way is said, and what to do about it. */
export const inFolder = <A>(folder: string, write: () => Promise<A>): Effect.Effect<A, DataFolderUnusable> =>
  Effect.tryPromise({
    try: write,
    catch: (cause) =>
      cause instanceof DataFolderUnusable ? cause : new DataFolderUnusable({ message: explain(folder, cause) })
  })

/** The process that holds the folder, when there is one alive. */
export const holderOf = async (folder: string): Promise<number | undefined> => {
  const holder = await readHolder(folder)
  return holder !== undefined && (await isAlive(holder)) ? holder.pid : undefined
}

const lockPath = (folder: string): string => join(folder, "instance.lock")

const acquire = async (folder: string): Promise<void> => {
  await makeFolder(folder)
  const pid = await holderOf(folder)
  if (pid !== undefined) throw held(folder, pid)
  const stale = `${lockPath(folder)}.${process.pid}`
  await rename(lockPath(folder), stale).then(
    () => rm(stale, { force: true }),
    (error: NodeJS.ErrnoException) => {
      if (error.code !== "ENOENT") throw error
    }
  )
  const me: Holder = { pid: process.pid, startedAt: (await lookUp(process.pid)).startedAt }
  await writeFile(lockPath(folder), JSON.stringify(me), { flag: "wx" })
  const now = await readHolder(folder)
  if (now?.pid !== process.pid) throw held(folder, now?.pid ?? 0)
}

/** Not with Node's `recursive`: where no folder can be made, as in /proc, that tries again without end. */
const makeFolder = async (folder: string, hasParent = false): Promise<void> => {
  try {
    await mkdir(folder, { mode: 0o755 })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === "EEXIST") return
    if (code !== "ENOENT" || hasParent) throw error
    await makeFolder(dirname(folder))
    await makeFolder(folder, true)
  }
}

const held = (folder: string, pid: number): DataFolderUnusable =>
  new DataFolderUnusable({
    message: `FlowForge is already running on ${folder} (process ${pid}). Stop it first, or start a second one beside it: PORT=8081 MANAGEMENT_PORT=9091 FLOWFORGE_DATA=.flowforge-2 npm start`
  })

const explain = (folder: string, cause: unknown): string => {
  const error = cause as NodeJS.ErrnoException
  switch (error.code) {
    case "EACCES":
    case "EPERM":
    case "EROFS":
      return `The data folder ${folder} cannot be written (${error.code}). Make it writable, or set FLOWFORGE_DATA to another folder.`
    case "ENOSPC":
      return `The disk of the data folder ${folder} is full. Free some space, or set FLOWFORGE_DATA to a folder on another disk.`
    case "ENOENT":
      return `The data folder ${folder} cannot be made: the disk may be read-only. Set FLOWFORGE_DATA to another folder.`
    case "ENOTDIR":
      return `The data folder ${folder} is a file, or lies in one. Set FLOWFORGE_DATA to another folder.`
    case "EEXIST":
      return `Another FlowForge took the data folder ${folder} at this very moment. Set FLOWFORGE_DATA to another folder.`
    default:
      return `The data folder ${folder} cannot be used: ${error.message}. Set FLOWFORGE_DATA to another folder.`
  }
}

const readHolder = async (folder: string): Promise<Holder | undefined> => {
  try {
    return JSON.parse(await readFile(lockPath(folder), "utf8"))
  } catch {
    return undefined
  }
}

const isAlive = async (holder: Holder): Promise<boolean> => {
  try {
    process.kill(holder.pid, 0)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EPERM") return false
  }
  const { state, startedAt } = await lookUp(holder.pid)
  // Killed, but not reaped yet: it holds nothing any more.
  return state !== "Z" && holder.startedAt === startedAt
}

/** The state of a process, and when it started, in the kernel's own units; undefined where the system does not tell. */
const lookUp = async (
  pid: number
): Promise<{ readonly state: string | undefined; readonly startedAt: string | undefined }> => {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "")
  // The name in parentheses may hold spaces; after it the first field is the state, the 20th the start.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ")
  return { state: fields[0] || undefined, startedAt: fields[19] }
}
