import { recordSystem } from "@flowforge/embedded"
import { askCompose, runCompose, troubleWithDocker } from "./up/docker.ts"
import { stackFolder } from "./up/folder.ts"
import { takenPorts } from "./up/ports.ts"
import { complain, say } from "./up/say.ts"
import { type ComposeConfig, heldPortsIn, portsIn, systemIn } from "./up/stack.ts"

// `npm run up`: FlowForge in containers, with all that it stands on, as docker-compose.yaml has it. Run again it brings back
// what is missing and takes in what has changed. Word of where everything is stays in a folder, for the demo and the audit.

const HELP = `npm run up [-- OPTIONS]

Builds the image, starts FlowForge and all that it stands on in containers, and waits until it is ready. Options are those of
"docker compose up": --scale order=2, say. "npm run down" stops it, "npm run down -- --volumes" clears its data, too.

  PORT (8080), MANAGEMENT_PORT (9090), GATEWAY_PORT (8070), MAIL_PORT (8060), S3_PORT (8050), POSTGRES_PORT (8040)
  are the ports on this machine.`

const up = async (options: ReadonlyArray<string>): Promise<number> => {
  const trouble = troubleWithDocker()
  if (trouble !== undefined) return refuse(trouble)
  const config: ComposeConfig = JSON.parse(askCompose("config", "--format", "json"))
  const held = heldPortsIn(askCompose("ps", "--format", "json"))
  const taken = await takenPorts(portsIn(config).filter(({ port }) => !held.has(port)))
  if (taken.length > 0) return refuse(taken.join("\n"))
  const code = await runCompose("up", "--build", "--detach", "--wait", ...options)
  if (code !== 0) {
    return refuse(
      `Not everything came up. "docker compose ps --all" and "docker compose logs NAME" say what is missing; "npm run up" tries again.`,
      code
    )
  }
  const folder = stackFolder()
  const system = systemIn(config)
  await recordSystem(folder, system)
  say(`
FlowForge runs in containers.

  API            ${system.publicUrl}   (${system.publicUrl}/docs)
  management     ${system.managementUrl}   (stock, /metrics, /health)
  payments       ${system.gatewayUrl}/control/ledger
  mails, SMS     ${"url" in system.messages ? system.messages.url : ""}/moto-api/

  npm run demo                        a few hundred orders, as customers place them
  npm run audit                       holds every invariant against it
  docker compose kill order           kills a process; "npm run up" brings it back
  docker compose logs -f payment      what a process says
  npm run down                        stops it; with "-- --volumes" its data are cleared, too`)
  return 0
}

const refuse = (message: string, code = 1): number => {
  complain(message)
  return code
}

const words = process.argv.slice(2)
if (words.includes("--help") || words.includes("-h")) say(HELP)
else process.exitCode = await up(words)
