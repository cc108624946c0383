import { readFileSync } from "node:fs"
import { join } from "node:path"
import { crashPoints, processes, type Variable } from "@flowforge/flowforge"
import { InventoryService } from "@flowforge/inventory"
import { NotificationService } from "@flowforge/notification"
import { OrderService } from "@flowforge/order"
import { PaymentService } from "@flowforge/payment"
import { telemetry } from "@flowforge/platform/telemetry"
import type { Artefact } from "./artefact.ts"

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

const defaultOf = ({ fallback }: Variable): string => (fallback === undefined ? "**required**" : `\`${fallback}\``)

const readersOf = (name: string): string => {
  const names = Object.entries(processes).filter(([, { variables }]) => variables.some((one) => one.name === name))
  return names.length === Object.keys(processes).length ? "all" : names.map(([process]) => process).join(", ")
}

const all = Object.values(processes).flatMap((process) => process.variables)
const variables = [...new Map(all.map((variable) => [variable.name, variable])).values()]

/** A variable may count with one of several choices. */
const conditionOf = (name: string): string => {
  const choices = all.filter((one) => one.name === name).map(({ when }) => when)
  if (choices.includes(undefined)) return ""
  return `with ${[...new Set(choices)].map((choice) => `\`${choice}\``).join(" or ")}: `
}

/** What one package reads, for its own card. */
const ownTable = (own: ReadonlyArray<Variable>): string =>
  tableOf([
    ["variable", "default", ""],
    ...own.map((variable) => [nameOf(variable), defaultOf(variable), variable.means])
  ])

const services = {
  order: OrderService.settings.variables,
  payment: PaymentService.settings.variables,
  inventory: InventoryService.settings.variables,
  notification: NotificationService.settings.variables
}

/** Those of what a process may be told to use. They are on the card of the processes, too, with who reads them. */
const namedLike = (pattern: RegExp) => variables.filter(({ name }) => pattern.test(name))

const isElsewhere = ({ name }: Variable): boolean =>
  [...Object.values(services), telemetry.variables].some((own) => own.some((one) => one.name === name))

const variableTable = tableOf([
  ["variable", "default", "read by", ""],
  ...variables
    .filter((variable) => !isElsewhere(variable))
    .map((variable) => [
      nameOf(variable),
      defaultOf(variable),
      readersOf(variable.name),
      `${conditionOf(variable.name)}${variable.means}`
    ])
])

const crashPointTable = tableOf([
  ["crash point", "by then"],
  ...Object.entries(crashPoints).map(([name, what]) => [`\`${name}\``, what])
])

const placed = (path: string, text: string, name: string, table: string): string => {
  const marked = new RegExp(`(<!-- ${name}: npm run generate -->)[\\s\\S]*?(<!-- end of ${name} -->)`, "u")
  if (!marked.test(text)) throw new Error(`${path} has no place for the table of ${name}: put its two comments back`)
  return text.replace(marked, (_, start: string, end: string) => `${start}\n\n${table}\n\n${end}`)
}

/** The tables of each card, by what stands in the comments around them. */
const cards: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  flowforge: { processes: processTable, variables: variableTable, "crash points": crashPointTable },
  platform: {
    variables: ownTable(telemetry.variables),
    "variables of Redis": ownTable(namedLike(/^REDIS_/u)),
    "variables of AWS": ownTable(namedLike(/^(?:S3|SES|SNS)_/u))
  },
  ...Object.fromEntries(Object.entries(services).map(([name, own]) => [name, { variables: ownTable(own) }]))
}

/** What people read of processes, of variables and of where a process can be killed, within the cards of the packages. */
export const variablesTable = (root: string): ReadonlyArray<Artefact> =>
  Object.entries(cards).map(([name, tables]) => {
    const path = `packages/${name}/README.md`
    const card = readFileSync(join(root, path), "utf8")
    return { path, text: Object.entries(tables).reduce((text, [mark, table]) => placed(path, text, mark, table), card) }
  })
