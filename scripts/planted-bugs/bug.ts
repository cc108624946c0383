import { readFileSync } from "node:fs"
import { join } from "node:path"

/** A breakage that a tired evening could bring, small enough to pass a review. Some test has to notice. */
export interface PlantedBug {
  readonly name: string
  /** What is broken by it, for people. */
  readonly breaks: string
  readonly file: string
  /** Stands in the file exactly once. */
  readonly text: string
  readonly instead: string
  /** The test files of which one has to go red. */
  readonly tests: ReadonlyArray<string>
  /** Words in the titles of the tests that are run; all of the files' tests, when absent. */
  readonly titled?: string
}

/** The file with the bug in it; throws where the text is not there exactly once. */
export const plantedIn = (root: string, { file, instead, name, text }: PlantedBug): string => {
  const [before, after, ...more] = readFileSync(join(root, file), "utf8").split(text)
  if (after === undefined) throw new Error(`${name} is not planted: ${file} no longer has its text`)
  if (more.length > 0) throw new Error(`${name} is not planted: ${file} has its text more than once`)
  return `${before}${instead}${after}`
}
