import { readdir, readFile } from "node:fs/promises"
import { join } from "node:path"
import { MAIL_ENDING } from "./outbox-folder.ts"

/** A message in the outbox folder, as its head tells. */
export interface Letter {
  /** `<hour>/<file>`. */
  readonly path: string
  readonly kind: "email" | "sms"
  readonly to: string
  readonly subject: string
  /** As the message itself has it. */
  readonly sentAt: string
}

export interface LettersPage {
  readonly letters: ReadonlyArray<Letter>
  /** Where the next page begins; undefined on the last one. */
  readonly next: string | undefined
}

const PATH = /^\d{4}-\d\d-\d\dT\d\d\/[0-9a-f-]{36}(?:-\d+)?(?:\.eml|\.sms\.txt)$/u

/** Whether this names a message, so that no path leads out of the folder. */
export const isLetterPath = (path: string): boolean => PATH.test(path)

/** A message as it is; undefined when there is none. */
export const readLetter = (folder: string, path: string): Promise<string | undefined> =>
  readFile(join(folder, path), "utf8").catch(() => undefined)

/** Newest first: folders are hours, and the files in them are named by ids that grow with time. */
export const pageOfLetters = async (
  folder: string,
  page: { readonly after: string | undefined; readonly limit: number }
): Promise<LettersPage> => {
  const paths: Array<string> = []
  const hours = (await namesIn(folder)).toSorted().toReversed()
  for (const hour of hours) {
    if (paths.length > page.limit) break
    if (page.after !== undefined && hour > page.after.split("/")[0]!) continue
    const files = (await namesIn(join(folder, hour))).map((file) => `${hour}/${file}`)
    const wanted = files.filter((path) => isLetterPath(path) && (page.after === undefined || path < page.after))
    paths.push(...wanted.toSorted().toReversed())
  }
  const shown = paths.slice(0, page.limit)
  return {
    letters: await Promise.all(shown.map((path) => headOf(folder, path))),
    next: paths.length > page.limit ? shown.at(-1) : undefined
  }
}

const namesIn = (folder: string): Promise<ReadonlyArray<string>> => readdir(folder).catch(() => [])

const headOf = async (folder: string, path: string): Promise<Letter> => {
  const text = (await readLetter(folder, path)) ?? ""
  const kind = path.endsWith(MAIL_ENDING) ? "email" : "sms"
  return {
    path,
    kind,
    to: header(text, "To"),
    subject: kind === "email" ? header(text, "Subject") : (text.split("\n\n")[1] ?? "").trim(),
    sentAt: header(text, "Date")
  }
}

/** A header's value, unfolded, with its encoded words (RFC 2047) decoded. */
const header = (text: string, name: string): string => {
  const found = new RegExp(`^${name}: (.*(?:\\r?\\n[ \\t].*)*)`, "mu").exec(text)?.[1] ?? ""
  return found
    .replace(/\?=\r?\n[ \t]+=\?/gu, "?==?")
    .replace(/\r?\n[ \t]+/gu, " ")
    .replace(/(?:=\?UTF-8\?B\?[A-Za-z0-9+/=]*\?=)+/gu, (words) =>
      Buffer.concat(
        [...words.matchAll(/=\?UTF-8\?B\?([^?]*)\?=/gu)].map(([, base64]) => Buffer.from(base64!, "base64"))
      ).toString()
    )
}
