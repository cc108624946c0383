import type { PlantedBug } from "./bug.ts"
import type { Red } from "./tests.ts"

export interface Caught {
  readonly bug: PlantedBug
  /** The first test that went red. */
  readonly red: Red
}

const HEAD = [
  "# Planted bugs",
  "",
  "Tests that never fail prove nothing. So each of these bugs was planted, one at a time, in a copy of the repository, and the",
  "tests named for it were run: at least one has to go red, twice. `npm run planted-bugs` does it again and writes this page;",
  "with `-- --only <name>` it tries one, and writes its row. The bugs are in `scripts/planted-bugs/bugs/`.",
  "",
  "| bug | what it breaks | where | the first test that went red |",
  "| --- | --- | --- | --- |"
]

const cell = (text: string): string => text.replaceAll("|", "\\|").replaceAll("\n", " ")

const rowOf = ({ bug, red }: Caught): string =>
  `| \`${bug.name}\` | ${cell(bug.breaks)} | \`${bug.file}\` | \`${red.file}\`: ${cell(red.title)} |`

/** The rows of a page, by the bug's name. */
export const rowsIn = (page: string): ReadonlyMap<string, string> =>
  new Map([...page.matchAll(/^\| `([^`]+)`.*$/gmu)].map(([row, name]) => [name!, row]))

/**
 * The page that says what noticed each bug. Bugs that were not tried keep the row they had; those that survived lose it.
 */
export const renderPage = (
  before: string,
  bugs: ReadonlyArray<PlantedBug>,
  tried: { readonly caught: ReadonlyArray<Caught>; readonly survivors: ReadonlyArray<PlantedBug> }
): string => {
  const rows = new Map(rowsIn(before))
  for (const { name } of tried.survivors) rows.delete(name)
  for (const caught of tried.caught) rows.set(caught.bug.name, rowOf(caught))
  return [...HEAD, ...bugs.flatMap(({ name }) => rows.get(name) ?? []), ""].join("\n")
}
