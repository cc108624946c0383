import { processes } from "./processes/index.ts"

const rows = Object.entries(processes).map(([name, { does }]) => `  ${name.padEnd(14)}${does}`)

/** What there is to run. */
export const HELP = ["flowforge <process>", "", ...rows, "", "Variables are in packages/flowforge/README.md."].join(
  "\n"
)
