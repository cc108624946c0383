import { posix } from "node:path"
import { packageOf, SCOPE, type SourceFile, type Workspace } from "./sources.ts"

const SHARED = ["contracts", "messaging", "platform"]
const SERVICES = ["order", "payment", "inventory", "notification"]

/** The house as it is drawn: what each package may import. What only tests use is below. */
const HOUSE: Readonly<Record<string, ReadonlyArray<string>>> = {
  contracts: [],
  messaging: [],
  // What its log hides and its clients may not send is one thing: a card number.
  platform: ["contracts"],
  ...Object.fromEntries(SERVICES.map((service) => [service, SHARED])),
  "gateway-simulator": ["contracts", "platform"],
  embedded: [...SHARED, ...SERVICES, "gateway-simulator"],
  // The demo's catalogue is the embedded system's own.
  flowforge: [...SHARED, ...SERVICES, "embedded", "operator"],
  operator: ["contracts", "platform"],
  testkit: SHARED,
  e2e: []
}

/** What tests may import besides. Payment's run against the real simulator, as a process of its own, and so do the separate processes. */
const TESTS: Readonly<Record<string, ReadonlyArray<string>>> = {
  payment: ["gateway-simulator"],
  flowforge: ["gateway-simulator"],
  e2e: [...SHARED, "gateway-simulator", "embedded", "flowforge"]
}

/** Imports against the direction of the house, around a package's door, or of what it does not export. */
export const directions = (workspaces: ReadonlyArray<Workspace>): ReadonlyArray<string> =>
  workspaces.flatMap((workspace) =>
    workspace.files.flatMap((file) =>
      file.imports.flatMap((specifier) => {
        if (specifier.startsWith(".")) return around(workspace, file, specifier)
        const imported = packageOf(specifier)
        if (imported?.startsWith(SCOPE) !== true) return []
        return [...against(workspace, file, imported), ...closed(workspaces, file, specifier, imported)]
      })
    )
  )

const around = (workspace: Workspace, file: SourceFile, specifier: string): ReadonlyArray<string> => {
  const target = posix.join(posix.dirname(file.path), specifier)
  return target.startsWith(`${workspace.folder}/`)
    ? []
    : [`${file.path}: reaches into ${target} by a path; import what that package exports`]
}

const against = ({ name }: Workspace, file: SourceFile, imported: string): ReadonlyArray<string> => {
  const other = imported.slice(SCOPE.length)
  if (other === name) return file.place === "test" ? [] : [`${file.path}: imports its own package by name`]
  const drawn = HOUSE[name]
  if (drawn === undefined) return [`${file.path}: ${name} has no place in the house (scripts/boundaries/directions.ts)`]
  const allowed = file.place === "src" ? drawn : [...drawn, ...(TESTS[name] ?? []), "testkit"]
  if (allowed.includes(other)) return []
  const may = allowed.length === 0 ? "no other package" : allowed.join(", ")
  return [
    `${file.path}: imports ${imported}, but ${file.place === "src" ? name : `a test of ${name}`} may import ${may}`
  ]
}

const closed = (
  workspaces: ReadonlyArray<Workspace>,
  file: SourceFile,
  specifier: string,
  imported: string
): ReadonlyArray<string> => {
  const exported = workspaces.find(({ manifest }) => manifest.name === imported)?.manifest.exports ?? {}
  const door = `.${specifier.slice(imported.length)}`
  return door in exported ? [] : [`${file.path}: imports ${specifier}, which ${imported} does not export`]
}
