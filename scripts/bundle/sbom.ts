import { readFileSync } from "node:fs"
import { join } from "node:path"

interface Manifest {
  readonly name: string
  readonly version: string
  readonly license?: string
}

const PACKAGE = /^(?<folder>(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+)\//u

/** The folders of the packages that these files are from. */
export const packagesOf = (root: string, files: ReadonlyArray<string>): ReadonlyArray<string> => [
  ...new Set(files.flatMap((file) => PACKAGE.exec(file)?.groups?.["folder"] ?? []).map((folder) => join(root, folder)))
]

/** What a bundle is made of, as CycloneDX: the packages whose code is in it, not all that are installed. */
export const sbomOf = (folders: ReadonlyArray<string>): string => {
  const components = folders.map((folder) => {
    const { license, name, version } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Manifest
    return {
      type: "library",
      name,
      version,
      purl: `pkg:npm/${name.replace("@", "%40")}@${version}`,
      ...(license === undefined ? {} : { licenses: [{ expression: license }] })
    }
  })
  const unique = [...new Map(components.map((one) => [one.purl, one])).values()]
  const sorted = unique.toSorted((one, other) => (one.purl < other.purl ? -1 : 1))
  return `${JSON.stringify({ bomFormat: "CycloneDX", specVersion: "1.6", version: 1, components: sorted }, null, 2)}\n`
}
