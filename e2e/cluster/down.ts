import { clusterExists, removeCluster } from "./cluster.ts"
import { readSettings } from "./settings.ts"
import { makeStages } from "./stages.ts"
import { needTools } from "./tools.ts"

// `npm run cluster:down`: removes the cluster that cluster:up made, with everything in it.

const main = async (): Promise<void> => {
  const settings = readSettings()
  await needTools(["docker", "kind"])
  if (await clusterExists(settings)) {
    await makeStages().run(`kind cluster ${settings.name} removed`, () => removeCluster(settings))
  } else {
    process.stdout.write(`There is no kind cluster ${settings.name}.\n`)
  }
}

main().catch((error: Error) => {
  process.stderr.write(`${error.message}\n`)
  process.exitCode = 1
})
