import { opendir, readdir, readFile } from "node:fs/promises"
import { join } from "node:path"
import { MAIL_ENDING } from "./outbox-folder.ts"
import { readMessage } from "./read-mime.ts"

/** A message in the outbox folder. */
export interface Letter {
  /** `<hour>/<minute>/<file>`. */
  readonly path: string
  readonly kind: "email" | "sms"
  readonly from: string
  readonly to: string
  /** An SMS has none: its text stands for it. */
  readonly subject: string
  /** As the message itself has it. */
  readonly sentAt: string
  readonly text: string
  readonly html: string | undefined
  /** The file as it is. */
  readonly source: string
}

export interface LettersPage {
  readonly letters: ReadonlyArray<Letter>
  /** Where the next page begins; undefined on the last one. */
  readonly next: string | undefined
}

const HOUR = /^\d{4}-\d\d-\d\dT\d\d$/u
const MINUTE = /^\d\d$/u
const FILE = /^[0-9a-f-]{36}(?:-\d+)?(?:\.eml|\.sms\.txt)$/u
/** Names read from a folder at once. */
const READ_AHEAD = 1_024

/** Whether this names a message, so that no path leads out of the folder. */
export const isLetterPath = (path: string): boolean => {
  const [hour = "", minute = "", file = "", ...more] = path.split("/")
  return more.length === 0 && HOUR.test(hour) && MINUTE.test(minute) && FILE.test(file)
}

/** A message; undefined when there is none. */
export const readLetter = async (folder: string, path: string): Promise<Letter | undefined> => {
  const source = await readFile(join(folder, path), "utf8").catch(() => undefined)
  if (source === undefined) return undefined
  const { header, parts } = readMessage(source)
  const kind = path.endsWith(MAIL_ENDING) ? "email" : "sms"
  const text = parts.get("text/plain") ?? ""
  return {
    path,
    kind,
    from: header("From"),
    to: header("To"),
    subject: kind === "email" ? header("Subject") : text.trim(),
    sentAt: header("Date"),
    text,
    html: parts.get("text/html"),
    source
  }
}

/**
 * Newest first: folders are hours and minutes, and the files in them are named by ids that grow with time. However many
 * there are, no more than a page of names is held, and no more folders are read than the page needs.
 */
export const pageOfLetters = async (
  folder: string,
  page: { readonly after: string | undefined; readonly limit: number }
): Promise<LettersPage> => {
  const before = page.after ?? "~"
  const paths: Array<string> = []
  search: for (const hour of await newestFolders(folder, HOUR)) {
    if (hour > before.slice(0, hour.length)) continue
    for (const minute of await newestFolders(join(folder, hour), MINUTE)) {
      const within = `${hour}/${minute}`
      if (within > before.slice(0, within.length)) continue
      const wanted = page.limit + 1 - paths.length
      if (wanted === 0) break search
      const isWanted = (file: string) => FILE.test(file) && `${within}/${file}` < before
      const files = await newestFiles(join(folder, within), isWanted, wanted)
      paths.push(...files.map((file) => `${within}/${file}`))
    }
  }
  const shown = paths.slice(0, page.limit)
  const letters = await Promise.all(shown.map((path) => readLetter(folder, path)))
  return {
    letters: letters.filter((letter) => letter !== undefined),
    next: paths.length > page.limit ? shown.at(-1) : undefined
  }
}

const newestFolders = async (folder: string, name: RegExp): Promise<ReadonlyArray<string>> => {
  const names = await readdir(folder).catch(() => [])
  return names.filter((each) => name.test(each)).toSorted((a, b) => (a < b ? 1 : -1))
}

/** The names that come last in the alphabet, last one first. */
const newestFiles = async (
  folder: string,
  isWanted: (file: string) => boolean,
  limit: number
): Promise<ReadonlyArray<string>> => {
  const newest: Array<string> = []
  const entries = await opendir(folder, { bufferSize: READ_AHEAD }).catch(() => [])
  for await (const { name } of entries) {
    if (newest.length === limit && name < newest.at(-1)!) continue
    if (!isWanted(name)) continue
    const place = newest.findIndex((each) => each < name)
    newest.splice(place === -1 ? newest.length : place, 0, name)
    if (newest.length > limit) newest.pop()
  }
  return newest
}
