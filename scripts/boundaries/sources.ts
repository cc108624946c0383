import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"

/** What a file may be: part of the package, or its tests (and what only they use). */
export type Place = "src" | "test"

export interface SourceFile {
  /** Relative to the repository. */
  readonly path: string
  readonly place: Place
  /** Without comments. */
  readonly code: string
  /** What it imports, as written. */
  readonly imports: ReadonlyArray<string>
}

export interface Manifest {
  readonly name: string
  readonly exports?: Readonly<Record<string, string>>
  readonly dependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
}

export interface Workspace {
  /** `order` for `@flowforge/order` */
  readonly name: string
  /** Relative to the repository: `packages/order`, `e2e`. */
  readonly folder: string
  readonly manifest: Manifest
  readonly files: ReadonlyArray<SourceFile>
}

export const SCOPE = "@flowforge/"

const TOKENS = /"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`|\/\/[^\n]*|\/\*[\s\S]*?\*\//gu
const IMPORTS = /(?:\bfrom\s*|\bimport\s*\(\s*|\bimport\s+|\bimport\.meta\.resolve\s*\(\s*)"([^"\n]+)"/gu

export const withoutComments = (text: string): string =>
  text.replace(TOKENS, (token) => (token.startsWith("/") ? token.replace(/[^\n]/gu, " ") : token))

/** The package an import names: `effect` of `effect/sql`, `@flowforge/order` of itself; undefined for files and Node's own. */
export const packageOf = (specifier: string): string | undefined => {
  if (/^[.#/]|^node:/u.test(specifier)) return undefined
  return specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/")
}

export const readManifest = (root: string, folder: string): Manifest =>
  JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8"))

/** Every package, and e2e, which is tests throughout. */
export const readWorkspaces = (root: string): ReadonlyArray<Workspace> =>
  [...readdirSync(join(root, "packages")).map((name) => `packages/${name}`), "e2e"].map((folder) => {
    const manifest = readManifest(root, folder)
    return { name: manifest.name.replace(SCOPE, ""), folder, manifest, files: readSources(root, folder) }
  })

const readSources = (root: string, folder: string): ReadonlyArray<SourceFile> =>
  readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".ts") && !path.includes("node_modules/"))
    .toSorted()
    .map((path) => {
      const code = withoutComments(readFileSync(join(root, folder, path), "utf8"))
      return {
        path: `${folder}/${path}`,
        place: folder === "e2e" || path.startsWith("test/") ? "test" : "src",
        code,
        imports: [...code.matchAll(IMPORTS)].map(([, specifier]) => specifier!)
      }
    })
