import { mkdtemp, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { type Arguments, HELP, isKind, readArguments } from "./arguments.ts"
import { dependencyImages } from "./dependencies.ts"
import { gather } from "./gather.ts"
import { type Ground, givenCluster, ownCluster, ownSettings } from "./ground.ts"
import { buildImage, forget, loadImages, renamed } from "./images.ts"
import { type Installation, install } from "./installation.ts"
import { endAll, runInView } from "./run.ts"
import { root } from "./settings.ts"
import { makeStages, type Stages } from "./stages.ts"
import { needTools } from "./tools.ts"
import { trial } from "./trial.ts"

// `npm run e2e`: an installation in a cluster, and everything that must be true of it.

const NAMESPACE = `e2e-${process.pid}`
const NEXT = `next-${NAMESPACE}`

interface Images {
  readonly image: string
  readonly nextImage: string
}

const prepare = async ({ image, nextImage }: Images, ground: Ground, stages: Stages): Promise<Installation> => {
  const { access, isOwn, kind, outside } = ground
  if (kind !== undefined) {
    await stages.run("images into the cluster", async () =>
      loadImages(kind, [image, nextImage, ...(await dependencyImages())])
    )
  }
  return install({ access, isOwn, namespace: NAMESPACE, image, nextImage, outside }, stages)
}

/** The tests run as tests of their own: whether all held. */
const tell = async (installation: Installation, { only, report, smoke }: Arguments): Promise<boolean> => {
  const file = join(await mkdtemp(join(tmpdir(), "flowforge-e2e-")), "installation.json")
  await writeFile(file, JSON.stringify(installation), { mode: 0o600 })
  const reporters = report === undefined ? [] : ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`]
  const code = await runInView("vitest", ["run", "--config", "e2e/cluster/vitest.config.ts", ...reporters, ...only], {
    cwd: root,
    env: { FLOWFORGE_E2E: file, FLOWFORGE_E2E_FORM: smoke ? "smoke" : "full" }
  })
  return code === 0
}

/** Namespaces that are looked into when something failed. Those of the page are in a cluster of its own only. */
const namespacesOf = ({ isOwn }: Ground): ReadonlyArray<string> =>
  isOwn ? [NAMESPACE, "flowforge", "flowforge-system"] : [NAMESPACE]

const onGround = async (ground: Ground, images: Images, args: Arguments, stages: Stages): Promise<boolean> => {
  let holds = false
  try {
    const installation = await prepare(images, ground, stages)
    process.stdout.write(`The API is at ${installation.apiUrl}\n`)
    holds = await tell(installation, args)
    return holds
  } finally {
    if (!holds) {
      const folder = join(tmpdir(), `flowforge-${NAMESPACE}`)
      await gather(ground.access, namespacesOf(ground), folder)
      process.stderr.write(`\nObjects, events and logs are in ${folder}\n`)
    }
    if (!args.keep) await stages.run("everything removed", ground.leave)
  }
}

const main = async (): Promise<void> => {
  const args = readArguments(process.argv.slice(2))
  if (args === "help") return void process.stdout.write(HELP)
  // What is under way ends, and what was made is removed.
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, endAll)
  const stages = makeStages()
  const { context } = args
  await needTools(
    context === undefined || isKind(context) ? ["docker", "kind", "kubectl", "helm"] : ["kubectl", "helm"]
  )
  const image = args.image ?? (await stages.run("image of this checkout", buildImage))
  const nextImage = args.nextImage ?? (await renamed(image, NEXT))
  let holds = false
  try {
    const name = `flowforge-${NAMESPACE}`
    if (context === undefined && !args.smoke && args.only.length === 0)
      await trial(await ownSettings(`${name}-try`), image)
    const ground =
      context === undefined
        ? await stages.run(`kind cluster ${name}`, async () => ownCluster(await ownSettings(name)))
        : await givenCluster(context, NAMESPACE)
    holds = await onGround(ground, { image, nextImage }, args, stages)
  } finally {
    if (args.nextImage === undefined) await forget(NEXT)
  }
  if (!holds) process.exitCode = 1
  process.stdout.write(`\ne2e: ${holds ? "all held" : "FAILED"} after ${stages.seconds().toFixed(0)} s\n`)
}

main().catch((error: Error) => {
  process.stderr.write(`\n${error.message}\n`)
  process.exitCode = 1
})
