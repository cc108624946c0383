import {
  closeSync,
  existsSync,
  fsync,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  write
} from "node:fs"
import { join } from "node:path"
import { promisify } from "node:util"
import type { LedgerEntry } from "@flowforge/contracts"

type Entry = typeof LedgerEntry.Encoded

const writeAsync = promisify(write)
const fsyncAsync = promisify(fsync)

/** The company's books: append-only, on disk before anybody is told. */
export interface Ledger {
  readonly entries: ReadonlyArray<Entry>
  /** Resolves when the entry is on disk. Those that arrive meanwhile share the next write. */
  readonly append: (entry: Omit<Entry, "sequence" | "at">) => Promise<Entry>
  readonly close: () => Promise<void>
}

/** Opens the ledger in a folder. A last line that a crash left half-written is cut off: nobody was told of it. */
export const openLedger = (folder: string): Ledger => {
  mkdirSync(folder, { recursive: true })
  const path = join(folder, "ledger.jsonl")
  const entries = existsSync(path) ? readWhole(path) : []
  const file = openSync(path, "a+")
  let waiting: Array<string> = []
  let flushing: Promise<void> | undefined

  const flush = async (): Promise<void> => {
    // One turn of the event loop gathers what arrived together.
    await new Promise((turn) => setImmediate(turn))
    const text = waiting.join("")
    waiting = []
    flushing = undefined
    await writeAsync(file, text)
    await fsyncAsync(file)
  }

  let last: Promise<void> = Promise.resolve()
  const schedule = (): Promise<void> => {
    flushing ??= last = last.then(flush)
    return flushing
  }

  return {
    entries,
    append: async (given) => {
      const entry: Entry = { sequence: entries.length + 1, at: new Date().toISOString(), ...given }
      entries.push(entry)
      waiting.push(`${JSON.stringify(entry)}\n`)
      await schedule()
      return entry
    },
    close: async () => {
      await last
      closeSync(file)
    }
  }
}

const readWhole = (path: string): Array<Entry> => {
  const text = readFileSync(path, "utf8")
  const whole = text.slice(0, text.lastIndexOf("\n") + 1)
  const file = openSync(path, "r+")
  if (fstatSync(file).size > Buffer.byteLength(whole)) ftruncateSync(file, Buffer.byteLength(whole))
  closeSync(file)
  return whole
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Entry)
}
