import type { PlantedBug } from "./bug.ts"
import type { Red } from "./tests.ts"

export interface Caught {
  readonly bug: PlantedBug
  /** The first test that went red. */
  readonly red: Red
}

const cell = (text: string): string => text.replaceAll("|", "\\|").replaceAll("\n", " ")

/** The page that says which bugs were planted and what noticed each. */
export const renderPage = (caught: ReadonlyArray<Caught>): string =>
  [
    "# Planted bugs",
    "",
    "Tests that never fail prove nothing. So each of these bugs was planted, one at a time, in a copy of the repository, and the",
    "tests named for it were run: at least one has to go red. `npm run planted-bugs` does it again and writes this page; ",
    "`npm run planted-bugs -- --only <name>` tries one. The bugs themselves are in `scripts/planted-bugs/bugs/`.",
    "",
    "| bug | what it breaks | where | the first test that went red |",
    "| --- | --- | --- | --- |",
    ...caught.map(
      ({ bug, red }) =>
        `| \`${bug.name}\` | ${cell(bug.breaks)} | \`${bug.file}\` | \`${red.file}\`: ${cell(red.title)} |`
    ),
    ""
  ].join("\n")
