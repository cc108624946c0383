import { parseArgs } from "node:util"
import { understood, WrongArguments } from "../arguments.ts"

export const HELP = `npm run up [-- OPTIONS]

Builds the image, starts FlowForge and all that it stands on in containers, and waits until it is ready. "npm run down" stops
it, "npm run down -- --volumes" clears its data, too. Options:

  --servers         only what FlowForge stands on; its processes are then run from their sources
  --scale NAME=N    so many of this process; may be given again
  --force-recreate  makes all containers anew, also those in which nothing has changed
  --help            this text

  PORT (8080), MANAGEMENT_PORT (9090), GATEWAY_PORT (8070), MAIL_PORT (8060), S3_PORT (8050), POSTGRES_PORT (8040),
  KAFKA_PORT (8030), REDIS_PORT (8020) are the ports on this machine.`

export interface Arguments {
  readonly onlyServers: boolean
  /** As `docker compose up` has them. */
  readonly options: ReadonlyArray<string>
}

export const readArguments = (words: ReadonlyArray<string>): Arguments | "help" => {
  const {
    "force-recreate": anew,
    help,
    scale,
    servers
  } = understood(
    HELP,
    () =>
      parseArgs({
        args: [...words],
        options: {
          servers: { type: "boolean", default: false },
          scale: { type: "string", multiple: true, default: [] },
          "force-recreate": { type: "boolean", default: false },
          help: { type: "boolean", short: "h", default: false }
        }
      }).values
  )
  if (help) return "help"
  const wrong = scale.find((one) => !/^[a-z0-9-]+=\d+$/u.test(one))
  if (wrong !== undefined) throw new WrongArguments(`--scale is NAME=N, as order=2, not "${wrong}".\n\n${HELP}`)
  return {
    onlyServers: servers,
    options: [...scale.flatMap((one) => ["--scale", one]), ...(anew ? ["--force-recreate"] : [])]
  }
}
