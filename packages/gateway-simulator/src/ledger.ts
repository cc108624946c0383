import { closeSync, constants, fsyncSync, ftruncateSync, mkdirSync, openSync, readSync, write } from "node:fs"
import { join } from "node:path"
import { promisify } from "node:util"
import type { LedgerEntry } from "@flowforge/contracts"
import { lockFolder } from "./lock.ts"

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
  /** What is on disk, in order; grows with every append. */
  readonly lines: ReadonlyArray<LedgerLine>
  /** Resolves when the line is on disk. Those that arrive meanwhile share the next write and its sync. */
  readonly append: (line: Omit<LedgerLine, "sequence" | "at">) => Promise<LedgerLine>
  /** A page of what is on disk, behind a sequence number. */
  readonly page: (after: number, limit: number) => ReadonlyArray<Entry>
  readonly close: () => Promise<void>
}

const writeAsync = promisify(write)
/** A write returns when its data is on disk: one call where a write and a sync would be two. */
const APPEND_SYNCED = constants.O_RDWR | constants.O_CREAT | constants.O_APPEND | constants.O_DSYNC
const CHUNK_BYTES = 1024 * 1024
const PATIENCE_MILLIS = 5_000

/**
 * Opens the ledger in a folder, which belongs to one process at a time. A last line that a crash left half-written is
 * cut off: nobody was told of it. After a failed write nothing is known of the file, so every later append fails too.
 */
export const openLedger = async (options: {
  readonly folder: string
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** How long the process before may take to end. A supervisor starts the next one at once. */
  readonly patienceMillis?: number
}): Promise<Ledger> => {
  mkdirSync(options.folder, { recursive: true })
  const unlock = await lockFolder(options.folder, options.patienceMillis ?? PATIENCE_MILLIS)
  const file = openSync(join(options.folder, "ledger.jsonl"), APPEND_SYNCED, 0o644)
  syncFolder(options.folder)
  let lines: Array<LedgerLine>
  try {
    lines = recover(file)
  } catch (error) {
    closeSync(file)
    unlock()
    throw error
  }
  let sequence = lines.length
  let waiting: Array<LedgerLine> = []
  let nextFlush: Promise<void> | undefined
  let lastFlush: Promise<void> = Promise.resolve()

  const flush = async (): Promise<void> => {
    // One turn of the event loop gathers what arrives together.
    await new Promise((turn) => setImmediate(turn))
    const batch = waiting
    waiting = []
    nextFlush = undefined
    await writeWhole(file, Buffer.from(batch.map((line) => `${JSON.stringify(line)}\n`).join("")))
    for (const line of batch) lines.push(line)
  }

  return {
    lines,
    append: async (given) => {
      sequence += 1
      const line: LedgerLine = { sequence, at: new Date(options.now()).toISOString(), ...given }
      waiting.push(line)
      nextFlush ??= lastFlush = lastFlush.then(flush)
      await nextFlush
      return line
    },
    page: (after, limit) => lines.slice(after, after + limit).map(publicPart),
    close: async () => {
      await lastFlush.catch(() => undefined)
      closeSync(file)
      unlock()
    }
  }
}

const publicPart = ({ decline_reason: _reason, method: _method, token: _token, ...entry }: LedgerLine): Entry => entry

const writeWhole = async (file: number, bytes: Buffer): Promise<void> => {
  for (let at = 0; at < bytes.length;) at += (await writeAsync(file, bytes, at, bytes.length - at)).bytesWritten
}

/** A new file is there after a crash only when its folder was synced too. */
const syncFolder = (folder: string): void => {
  const opened = openSync(folder, "r")
  fsyncSync(opened)
  closeSync(opened)
}

/** Reads in chunks: a whole ledger may be longer than the longest string. */
const recover = (file: number): Array<LedgerLine> => {
  const lines: Array<LedgerLine> = []
  const chunk = Buffer.allocUnsafe(CHUNK_BYTES)
  let rest: Buffer = Buffer.alloc(0)
  let wholeBytes = 0
  let position = 0
  for (;;) {
    const read = readSync(file, chunk, 0, CHUNK_BYTES, position)
    position += read
    const bytes = Buffer.concat([rest, chunk.subarray(0, read)])
    const end = bytes.lastIndexOf("\n") + 1
    for (const text of bytes.toString("utf8", 0, end).split("\n"))
      if (text !== "") lines.push(parse(text, lines.length))
    wholeBytes += end
    rest = bytes.subarray(end)
    if (read === 0) break
  }
  if (rest.length > 0) {
    ftruncateSync(file, wholeBytes)
    fsyncSync(file)
  }
  return lines
}

const parse = (text: string, index: number): LedgerLine => {
  try {
    return JSON.parse(text) as LedgerLine
  } catch (cause) {
    throw new Error(`line ${index + 1} is not an entry`, { cause })
  }
}
