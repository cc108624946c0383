import { spawnSync } from "node:child_process"
import { mkdtemp, writeFile } from "node:fs/promises"
import { homedir, tmpdir } from "node:os"
import { join } from "node:path"
import { freePort } from "@flowforge/platform/child-process"
import { type Arguments, HELP, readArguments } from "./arguments.ts"
import { ensureCluster, NODE_PORTS, removeCluster } from "./cluster.ts"
import { dependencyImages } from "./dependencies.ts"
import { gather } from "./gather.ts"
import { buildImage, forget, loadImages, renamed } from "./images.ts"
import { type Installation, install, type Outside, uninstall } from "./installation.ts"
import { type Access, getJson } from "./kubectl.ts"
import { root, type Settings } from "./settings.ts"
import { makeStages, type Stages } from "./stages.ts"
import { needTools } from "./tools.ts"

// `npm run e2e`: an installation in a cluster, and everything that must be true of it.

/** A cluster to test in, and how it is left. */
interface Ground {
  readonly access: Access
  readonly outside: Outside
  /** Of kind; images go there by hand. */
  readonly kind: string | undefined
  readonly leave: () => Promise<void>
}

const ownCluster = async ({ run }: Stages): Promise<Ground> => {
  const name = `flowforge-e2e-${process.pid}`
  const folder = await mkdtemp(join(tmpdir(), "flowforge-e2e-"))
  const settings: Settings = {
    name,
    nodeImage: process.env["NODE_IMAGE"],
    apiPort: await freePort(),
    s3Port: await freePort(),
    image: undefined,
    kubeconfig: join(folder, "kubeconfig")
  }
  await run(`kind cluster ${name}`, () => ensureCluster(settings))
  const ports = new Map<number, number>([
    [NODE_PORTS.api, settings.apiPort],
    [NODE_PORTS.s3, settings.s3Port]
  ])
  return {
    access: { kubeconfig: settings.kubeconfig },
    outside: {
      apiNodePort: NODE_PORTS.api,
      s3NodePort: NODE_PORTS.s3,
      urlOf: (nodePort) => `http://127.0.0.1:${ports.get(nodePort)}`
    },
    kind: name,
    leave: () => removeCluster(settings)
  }
}

const KIND = "kind-"

/** A cluster that is there: its nodes are spoken to by their own addresses. */
const givenCluster = async (context: string, namespace: string): Promise<Ground> => {
  const access = { kubeconfig: process.env["KUBECONFIG"] ?? join(homedir(), ".kube", "config"), context }
  const { items } = await getJson(access, ["nodes"])
  const { address } = items[0].status.addresses.find(({ type }: { readonly type: string }) => type === "InternalIP")
  return {
    access,
    outside: { urlOf: (nodePort) => `http://${address}:${nodePort}` },
    kind: context.startsWith(KIND) ? context.slice(KIND.length) : undefined,
    leave: () => uninstall(access, namespace)
  }
}

const prepare = async (args: Arguments, ground: Ground, namespace: string, stages: Stages): Promise<Installation> => {
  const image = args.image ?? (await stages.run("image of this checkout", buildImage))
  const nextImage = await renamed(image, `next-${namespace}`)
  const { kind } = ground
  if (kind !== undefined) {
    await stages.run("images into the cluster", async () =>
      loadImages(kind, [image, nextImage, ...(await dependencyImages())])
    )
  }
  return install({ access: ground.access, namespace, image, nextImage, outside: ground.outside }, stages)
}

/** The tests run as tests of their own: whether all held. */
const tell = async (installation: Installation, { only, smoke }: Arguments): Promise<boolean> => {
  const file = join(await mkdtemp(join(tmpdir(), "flowforge-e2e-")), "installation.json")
  await writeFile(file, JSON.stringify(installation), { mode: 0o600 })
  const { status } = spawnSync("vitest", ["run", "--config", "e2e/cluster/vitest.config.ts", ...only], {
    cwd: root,
    stdio: "inherit",
    env: { ...process.env, FLOWFORGE_E2E: file, FLOWFORGE_E2E_FORM: smoke ? "smoke" : "full" }
  })
  return status === 0
}

const main = async (): Promise<void> => {
  const args = readArguments(process.argv.slice(2))
  if (args === "help") return void process.stdout.write(HELP)
  const stages = makeStages()
  const namespace = `e2e-${process.pid}`
  await needTools(args.context === undefined ? ["docker", "kind", "kubectl", "helm"] : ["kubectl", "helm"])
  const ground = args.context === undefined ? await ownCluster(stages) : await givenCluster(args.context, namespace)
  let holds = false
  try {
    const installation = await prepare(args, ground, namespace, stages)
    process.stdout.write(`The API is at ${installation.apiUrl}\n`)
    holds = await tell(installation, args)
  } finally {
    if (!holds) {
      const folder = await gather(ground.access, [namespace], join(tmpdir(), `flowforge-${namespace}`))
      process.stderr.write(`\nObjects, events and logs are in ${folder}\n`)
      process.exitCode = 1
    }
    if (!args.keep) await stages.run("everything removed", ground.leave)
    await forget(`next-${namespace}`)
  }
  process.stdout.write(`\ne2e: ${holds ? "all held" : "FAILED"} after ${stages.seconds().toFixed(0)} s\n`)
}

main().catch((error: Error) => {
  process.stderr.write(`\n${error.message}\n`)
  process.exitCode = 1
})
