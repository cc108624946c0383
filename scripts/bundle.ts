import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { findPackageJSON } from "node:module"
import { dirname, join, resolve } from "node:path"
import { build } from "esbuild"
import { packagesOf, sbomOf } from "./bundle/sbom.ts"

// `npm run bundle` makes dist/, or the folder that is its argument: all that a server needs beside Node. The two programs, each
// in one file, the migrations, the few packages that read files of their own, and the list of what is in it. It starts in a
// third of the time that the sources take.

const root = join(import.meta.dirname, "..")
const dist = resolve(process.argv[2] ?? join(root, "dist"))

/** They find fonts beside their own files, so they stay packages. */
const PACKAGES = ["pdfkit", "@embedpdf/fonts-latin"]

/** Packages in CommonJS ask for Node's own modules by `require`. */
const BANNER =
  'import { createRequire as requireFrom } from "node:module"; const require = requireFrom(import.meta.url);'

rmSync(dist, { recursive: true, force: true })
const { metafile } = await build({
  absWorkingDir: root,
  metafile: true,
  entryPoints: {
    flowforge: join(root, "packages/flowforge/src/main.ts"),
    "gateway-simulator": join(root, "packages/gateway-simulator/src/main.ts")
  },
  outdir: dist,
  outExtension: { ".js": ".mjs" },
  bundle: true,
  // What only some processes load (clients of AWS and of Kubernetes) is apart, and costs the others nothing.
  splitting: true,
  chunkNames: "chunk-[hash]",
  platform: "node",
  format: "esm",
  target: "node24",
  external: PACKAGES,
  banner: { js: BANNER },
  logLevel: "warning"
})

// The contracts say that the migrations are beside their own file, which is the bundle now.
const migrations = join(root, "packages/contracts/migrations")
for (const name of readdirSync(migrations).filter((file) => file.endsWith(".sql"))) {
  cpSync(join(migrations, name), join(dist, name))
}

const copied = new Map<string, string>()
const copyPackage = (name: string, from: string): void => {
  const manifest = findPackageJSON(name, from)
  if (manifest === undefined) throw new Error(`${name} is not installed`)
  if (copied.has(name)) return
  copied.set(name, dirname(manifest))
  cpSync(dirname(manifest), join(dist, "node_modules", name), {
    recursive: true,
    filter: (path) => !/\.(?:map|d\.ts|md)$/u.test(path)
  })
  const { dependencies = {} } = JSON.parse(readFileSync(manifest, "utf8")) as {
    readonly dependencies?: Readonly<Record<string, string>>
  }
  for (const dependency of Object.keys(dependencies)) copyPackage(dependency, manifest)
}
const notification = join(root, "packages/notification/package.json")
for (const name of PACKAGES) copyPackage(name, notification)

writeFileSync(
  join(dist, "sbom.cdx.json"),
  sbomOf([...packagesOf(root, Object.keys(metafile.inputs)), ...copied.values()])
)
