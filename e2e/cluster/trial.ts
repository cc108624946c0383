import { blocksOf, readPage, TRIAL } from "./page.ts"
import { clusterExists } from "./cluster.ts"
import { attempt, CommandFailed, run, runInView } from "./run.ts"
import { root, type Settings } from "./settings.ts"

export class TrialFailed extends Error {}

/** The page's first commands, as somebody types them who tries it; the first one twice. Nothing is left of it. */
export const trial = async (settings: Settings, image: string): Promise<void> => {
  const { apiPort, name, s3Port } = settings
  const env = { CLUSTER_NAME: name, API_PORT: String(apiPort), S3_PORT: String(s3Port), IMAGE: image }
  const typed = async (command: string): Promise<void> => {
    process.stdout.write(`$ ${command}\n`)
    const code = await runInView("sh", ["-c", command], { cwd: root, env })
    if (code !== 0) throw new TrialFailed(`${command} ended with ${code}`)
  }
  const [up, down] = blocksOf(readPage())
    .filter(({ section }) => section === TRIAL)
    .map(({ commands }) => commands)
  try {
    await typed(up!)
    await typed(up!)
    await portTaken(env)
  } finally {
    await typed(down!)
  }
  if (await clusterExists(settings)) throw new TrialFailed(`${name} is still there after ${down}`)
}

/** A second cluster on the same ports is refused, with the port and the way out. */
const portTaken = async (env: Readonly<Record<string, string>>): Promise<void> => {
  const other = { ...env, CLUSTER_NAME: `${env["CLUSTER_NAME"]}-too` }
  const said = await run("npm", ["run", "cluster:up"], { cwd: root, env: other }).then(
    () => "it went well",
    (error: CommandFailed) => error.message
  )
  const wanted = `Port ${env["API_PORT"]} is taken`
  if (said.includes(wanted)) return
  await attempt("npm", ["run", "cluster:down"], { cwd: root, env: other })
  throw new TrialFailed(`a second cluster on the same port should say "${wanted}":\n${said}`)
}
