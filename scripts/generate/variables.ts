import { readFileSync } from "node:fs"
import { join } from "node:path"
import { crashPoints, processes, type Variable } from "@flowforge/flowforge"
import type { Artefact } from "./artefact.ts"

const README = "packages/flowforge/README.md"

/** The formatter wants columns of one width. */
const tableOf = (rows: ReadonlyArray<ReadonlyArray<string>>): string => {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)))
  const lineOf = (cells: ReadonlyArray<string>) => `| ${cells.map((cell, n) => cell.padEnd(widths[n]!)).join(" | ")} |`
  const [head, ...body] = rows
  return [head!, widths.map((width) => "-".repeat(width)), ...body].map(lineOf).join("\n")
}

const processTable = tableOf([
  ["process", "does"],
  ...Object.entries(processes).map(([name, { does }]) => [`\`${name}\``, does])
])

const nameOf = ({ isSecret, name }: Variable): string => (isSecret ? `\`${name}\`, \`${name}_FILE\`` : `\`${name}\``)

const readersOf = (name: string): string => {
  const names = Object.entries(processes).filter(([, { variables }]) => variables.some((one) => one.name === name))
  return names.length === Object.keys(processes).length ? "all" : names.map(([process]) => process).join(", ")
}

const all = Object.values(processes).flatMap((process) => process.variables)
const variables = new Map(all.map((variable) => [variable.name, variable]))

/** A variable may count with one of several choices. */
const conditionOf = (name: string): string => {
  const choices = all.filter((one) => one.name === name).map(({ when }) => when)
  if (choices.includes(undefined)) return ""
  return `with ${[...new Set(choices)].map((choice) => `\`${choice}\``).join(" or ")}: `
}

const variableTable = tableOf([
  ["variable", "default", "read by", ""],
  ...[...variables.values()].map((variable) => [
    nameOf(variable),
    variable.fallback === undefined ? "**required**" : `\`${variable.fallback}\``,
    readersOf(variable.name),
    `${conditionOf(variable.name)}${variable.means}`
  ])
])

const crashPointTable = tableOf([
  ["crash point", "by then"],
  ...Object.entries(crashPoints).map(([name, what]) => [`\`${name}\``, what])
])

const between = (text: string, name: string, table: string): string =>
  text.replace(
    new RegExp(`(<!-- ${name}: npm run generate -->)[\\s\\S]*?(<!-- end of ${name} -->)`, "u"),
    (_, start: string, end: string) => `${start}\n\n${table}\n\n${end}`
  )

/** The tables of processes, of their variables and of where they can be killed, within the card of the package that has them. */
export const variablesTable = (root: string): ReadonlyArray<Artefact> => {
  const text = readFileSync(join(root, README), "utf8")
  const tables = [
    ["processes", processTable],
    ["variables", variableTable],
    ["crash points", crashPointTable]
  ] as const
  return [{ path: README, text: tables.reduce((card, [name, table]) => between(card, name, table), text) }]
}
