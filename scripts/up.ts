import { recordSystem } from "@flowforge/embedded"
import { WrongArguments } from "./arguments.ts"
import { type Arguments, HELP, readArguments } from "./up/arguments.ts"
import { askCompose, ComposeRefused, runCompose, troubleWithDocker } from "./up/docker.ts"
import { stackFolder, writeEnvironment } from "./up/folder.ts"
import { takenPorts } from "./up/ports.ts"
import { complain, say } from "./up/say.ts"
import {
  type ComposeConfig,
  environmentIn,
  heldPortsIn,
  portsIn,
  PROCESSES,
  processesIn,
  serversIn,
  systemIn
} from "./up/stack.ts"

// `npm run up`: FlowForge in containers, with all that it stands on, as docker-compose.yaml has it. Run again it brings back
// what is missing and takes in what has changed. Word of where everything is stays in a folder, for the demo and the audit.

const up = async ({ onlyServers, options }: Arguments): Promise<number> => {
  const trouble = troubleWithDocker()
  if (trouble !== undefined) return refuse(trouble)
  const config: ComposeConfig = JSON.parse(askCompose("--profile", PROCESSES, "config", "--format", "json"))
  const services = onlyServers ? serversIn(config) : Object.keys(config.services)
  const held = heldPortsIn(askCompose("ps", "--format", "json"))
  const taken = await takenPorts(portsIn(config, services).filter(({ port }) => !held.has(port)))
  if (taken.length > 0) return refuse(taken.join("\n"))
  const code = onlyServers
    ? (await runCompose("rm", "--stop", "--force", ...processesIn(config))) ||
      (await runCompose("up", "--detach", "--wait", ...options, ...services))
    : await runCompose("--profile", PROCESSES, "up", "--build", "--detach", "--wait", ...options)
  if (code !== 0) {
    return refuse(
      `Not everything came up. "docker compose ps --all" and "docker compose logs NAME" say what is missing; "npm run up" tries again.`,
      code
    )
  }
  const folder = stackFolder()
  await recordSystem(folder, systemIn(config))
  say(onlyServers ? serversUp(config, await writeEnvironment(folder, environmentIn(config))) : allUp(config))
  return 0
}

const companies = (config: ComposeConfig): string => {
  const { gatewayUrl, messages } = systemIn(config)
  return `  payments       ${gatewayUrl}/control/ledger
  mails, SMS     ${"url" in messages ? messages.url : ""}/moto-api/`
}

const allUp = (config: ComposeConfig): string => {
  const { managementUrl, publicUrl } = systemIn(config)
  return `
FlowForge runs in containers.

  API            ${publicUrl}   (${publicUrl}/docs)
  management     ${managementUrl}   (stock, /metrics, /health)
${companies(config)}

  npm run demo                        a few hundred orders, as customers place them
  npm run audit                       holds every invariant against it
  docker compose kill order           kills a process; "npm run up" brings it back
  docker compose logs -f payment      what a process says
  npm run down                        stops it; with "-- --volumes" its data are cleared, too`
}

const serversUp = (config: ComposeConfig, environment: string): string => `
What FlowForge stands on runs in containers; its processes do not. How these find it is in ${environment}:

${companies(config)}

  npx node --env-file=${environment} packages/flowforge/src/main.ts prepare      once, before all others
  npx node --env-file=${environment} packages/flowforge/src/main.ts api
  MANAGEMENT_PORT=9091 npx node --env-file=${environment} packages/flowforge/src/main.ts order

  npm run demo, npm run audit         against the processes that you run
  npm run up                          everything in containers
  npm run down                        stops it; with "-- --volumes" its data are cleared, too`

const refuse = (message: string, code = 1): number => {
  complain(message)
  return code
}

const run = async (): Promise<number> => {
  const asked = readArguments(process.argv.slice(2))
  if (asked !== "help") return up(asked)
  say(HELP)
  return 0
}

process.exitCode = await run().catch((error: Error) => {
  if (error instanceof WrongArguments) return refuse(error.message, 2)
  if (error instanceof ComposeRefused) return refuse(error.message)
  throw error
})
