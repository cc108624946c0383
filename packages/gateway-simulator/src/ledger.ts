import {
  closeSync,
  fdatasync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  write,
  type PathLike
} from "node:fs"
import { join } from "node:path"
import { promisify } from "node:util"
import type { LedgerEntry } from "@flowforge/contracts"

/** What the company says of a movement of money. */
export type Entry = typeof LedgerEntry.Encoded

/** A line of the file: the entry, and what only the company knows of it, to recognise the request when it comes again. */
export interface LedgerLine extends Entry {
  readonly method?: string
  readonly token?: string
  readonly decline_reason?: string
}

/** The company's books: append-only, on disk before anybody is told. */
export interface Ledger {
  /** What was in the file when it was opened. */
  readonly recovered: ReadonlyArray<LedgerLine>
  /** Resolves when the line is on disk. Those that arrive meanwhile share the next write and its sync. */
  readonly append: (line: Omit<LedgerLine, "sequence" | "at">) => Promise<LedgerLine>
  /** A page of what is on disk, behind a sequence number. */
  readonly page: (after: number, limit: number) => ReadonlyArray<Entry>
  readonly close: () => Promise<void>
}

const writeAsync = promisify(write)
const syncAsync = promisify(fdatasync)

/**
 * Opens the ledger in a folder, which belongs to one process at a time. A last line that a crash left half-written is
 * cut off: nobody was told of it. After a failed write nothing is known of the file, so every later append fails too.
 */
export const openLedger = (options: {
  readonly folder: string
  /** Milliseconds since 1970. */
  readonly now: () => number
}): Ledger => {
  mkdirSync(options.folder, { recursive: true })
  const file = openSync(join(options.folder, "ledger.jsonl"), "a+")
  syncFolder(options.folder)
  const recovered = recover(file)
  const entries = recovered.map(publicPart)
  let sequence = recovered.length
  let waiting: Array<LedgerLine> = []
  let nextFlush: Promise<void> | undefined
  let lastFlush: Promise<void> = Promise.resolve()

  const flush = async (): Promise<void> => {
    // One turn of the event loop gathers what arrives together.
    await new Promise((turn) => setImmediate(turn))
    const lines = waiting
    waiting = []
    nextFlush = undefined
    await writeWhole(file, Buffer.from(lines.map((line) => `${JSON.stringify(line)}\n`).join("")))
    await syncAsync(file)
    for (const line of lines) entries.push(publicPart(line))
  }

  return {
    recovered,
    append: async (given) => {
      sequence += 1
      const line: LedgerLine = { sequence, at: new Date(options.now()).toISOString(), ...given }
      waiting.push(line)
      nextFlush ??= lastFlush = lastFlush.then(flush)
      await nextFlush
      return line
    },
    page: (after, limit) => entries.slice(after, after + limit),
    close: async () => {
      await lastFlush.catch(() => undefined)
      closeSync(file)
    }
  }
}

const publicPart = ({ decline_reason: _reason, method: _method, token: _token, ...entry }: LedgerLine): Entry => entry

const writeWhole = async (file: number, bytes: Buffer): Promise<void> => {
  for (let at = 0; at < bytes.length;) at += (await writeAsync(file, bytes, at, bytes.length - at)).bytesWritten
}

/** A new file is there after a crash only when its folder was synced too. */
const syncFolder = (folder: PathLike): void => {
  const opened = openSync(folder, "r")
  fsyncSync(opened)
  closeSync(opened)
}

const recover = (file: number): ReadonlyArray<LedgerLine> => {
  const bytes = readFileSync(file)
  const whole = bytes.subarray(0, bytes.lastIndexOf("\n") + 1)
  if (whole.length < bytes.length) {
    ftruncateSync(file, whole.length)
    fsyncSync(file)
  }
  return whole
    .toString("utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as LedgerLine)
}
